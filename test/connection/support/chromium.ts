/** A real browser, where this machine has one: Debian's Chromium or whatever CHROMIUM names. */
import { existsSync } from "node:fs";

/** Its path, or why there is none. */
export function findChromium(): { readonly path: string } | { readonly missing: string } {
  const named = process.env["CHROMIUM"];
  const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const path = (named === undefined ? usual : [named]).find((file) => existsSync(file));
  return path === undefined ? { missing: `no Chromium at ${named ?? usual.join(", ")}` } : { path };
}

/** Logs in and agrees (or cancels) as a person does, by what stands on the page; gives the last page's words. */
export async function agreeInChromium(executablePath: string, url: string, agrees = true): Promise<string> {
  // Loaded only where there is a browser.
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    if (!agrees) {
      await page.getByText("Cancel").click();
    } else {
      await page.getByPlaceholder(/login/i).fill("someone");
      await page.getByPlaceholder(/password/i).fill("any");
      await page.getByRole("button", { name: "Sign-in" }).click();
      await page.getByRole("button", { name: "Continue" }).click();
    }
    await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/callback\?/);
    return (await page.textContent("body")) ?? "";
  } finally {
    await browser.close();
  }
}
