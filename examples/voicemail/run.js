/** Records the calls, then answers them: see README.md. */
import { runExample } from "../run-example.js";

runExample({
  name: "voicemail",
  scripts: ["record.sql", "voicemail.sql"],
  tables: ["calls", "customers", "answers"],
});
