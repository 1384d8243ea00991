/** JSON as the command line reads and writes it: the library's. */
export {
  isJsonObject,
  jsonOf,
  jsonOfCell,
  jsonOfText,
  parseJson,
  sqlValueOfJson,
  type JsonObject,
} from "../index.ts";
