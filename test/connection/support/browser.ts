/** A browser as far as a provider's login needs one: follows redirects, keeps cookies, fills in and submits forms. */

export class Browser {
  readonly #cookies = new Map<string, string>();

  /** Logs in and agrees (or refuses) on every page, until no form is left. */
  async agree(url: string, agrees = true): Promise<string> {
    let { at, html } = await this.#open(url);
    for (let page = 0; page < 10; page++) {
      const action = /<form[^>]*action="(?<action>[^"]+)"/.exec(html)?.groups?.["action"];
      if (action === undefined) return html;
      const abort = /href="(?<abort>[^"]*\/abort)"/.exec(html)?.groups?.["abort"];
      if (!agrees && abort !== undefined) return (await this.#open(new URL(abort, at).href)).html;
      const fields = new URLSearchParams({ login: "someone", password: "any" });
      for (const [input] of html.matchAll(/<input[^>]*>/g)) {
        const name = /name="([^"]+)"/.exec(input)?.[1];
        const value = /value="([^"]*)"/.exec(input)?.[1];
        if (name !== undefined && value !== undefined) fields.set(name, value);
      }
      if (html.includes('name="confirm"') || html.includes("confirm")) fields.set("confirm", "yes");
      ({ at, html } = await this.#open(new URL(action, at).href, fields));
    }
    throw new Error(`still a form after ten pages: ${html}`);
  }

  async #open(url: string, form?: URLSearchParams): Promise<{ at: string; html: string }> {
    let at = url;
    let body = form;
    for (let step = 0; step < 20; step++) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(at, {
        redirect: "manual",
        headers: { cookie },
        ...(body === undefined ? {} : { method: "POST", body }),
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        this.#cookies.set(name, value);
      }
      const location = response.headers.get("location");
      if (location === null) return { at, html: await response.text() };
      await response.body?.cancel();
      at = new URL(location, at).href;
      body = undefined;
    }
    throw new Error(`no end of redirects at ${at}`);
  }
}
