/** Runs support.sql: see README.md. */
import { runExample } from "../run-example.js";

runExample({
  name: "support",
  scripts: ["support.sql"],
  tables: ["customers", "orders", "tickets", "articles"],
});
