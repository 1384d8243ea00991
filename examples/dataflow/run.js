/**
 * A data flow: a stream of messages, a Lookup for each of them (its parcel from a table, its topic from a model), and
 * three files: matched.csv, unmatched.csv, errors.csv.
 *
 *     node examples/dataflow/run.js [--connection openai] [--out FOLDER]
 */
import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { openSession } from "callsql";
import { parse } from "csv-parse";
import { stringify } from "csv-stringify";

const folder = import.meta.dirname;
const { values } = parseArgs({
  options: {
    connection: { type: "string", default: "offline" },
    out: { type: "string", default: join(folder, "out") },
  },
});

/** An empty field is NULL: callsql takes it for "not given". */
const readCsv = (name) =>
  createReadStream(join(folder, name)).pipe(
    parse({ columns: true, cast: (value) => (value === "" ? null : value) }),
  );

mkdirSync(values.out, { recursive: true });
const outputs = ["matched", "unmatched", "errors"].map((name) => openCsv(join(values.out, `${name}.csv`)));
const [matched, unmatched, errors] = outputs;

const session = await openSession({ connection: values.connection });
try {
  const parcels = await Array.fromAsync(readCsv("parcels.csv"), (row) => Object.values(row));
  await session.importRows("parcels", ["parcel_no", "order_no", "carrier", "status"], parcels);
  // A message whose call fails goes to errors.csv, not to matched.csv with empty columns.
  await session.execute("SET on_error = 'abort'");

  const command = `
    SELECT p.parcel_no, p.carrier, p.status, c.Category AS topic
    FROM parcels p, ClassifyText(:body, 'where is my parcel, broken or wrong item, return or refund') c
    WHERE p.order_no = :order_no`;
  const run = session.executeForEach(command, readCsv("messages.csv"), { behavior: "SingleOrDefault" });
  for await (const out of run) {
    switch (out.output) {
      case "matched":
        await matched.write(out.row);
        break;
      case "unmatched":
        await unmatched.write(out.input);
        break;
      case "error":
        await errors.write({ ...out.input, code: out.error.code, message: out.error.message });
        break;
    }
  }
  const { rows, calls, made, costUsd, ...counts } = run.counts;
  console.log(
    `${rows} messages: ${counts.matched} matched, ${counts.unmatched} unmatched, ${counts.errors} errors`,
  );
  console.log(`${calls} calls, ${made} made, USD ${costUsd}`);
} finally {
  await Promise.all(outputs.map((output) => output.end()));
  await session.close();
}

/** Rows are written as fast as the disk takes them. */
function openCsv(file) {
  const csv = stringify({ header: true });
  const written = finished(csv.pipe(createWriteStream(file)));
  return {
    write: async (row) => {
      if (!csv.write(row)) await once(csv, "drain");
    },
    end: () => {
      csv.end();
      return written;
    },
  };
}
