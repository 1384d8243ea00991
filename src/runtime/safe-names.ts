/**
 * Functions, PRAGMAs, virtual tables and modules of SQLite and of callsql's extensions that read nothing but their
 * arguments and the database, and change nothing. A test compares the lists with what the SQLite in use has.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

export const safeFunctions: ReadonlySet<string> = words(`
  -> ->> abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling changes char coalesce concat concat_ws cos cosh
  count cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp first_value floor
  format fts5_get_locale fts5_insttoken fts5_locale geopoly_area geopoly_bbox geopoly_blob geopoly_ccw
  geopoly_contains_point geopoly_group_bbox geopoly_json geopoly_overlap geopoly_regular geopoly_svg geopoly_within
  geopoly_xform glob group_concat hex highlight if ifnull iif instr json json_array json_array_insert json_array_length
  json_error_position json_extract json_group_array json_group_object json_insert json_object json_patch json_pretty
  json_quote json_remove json_replace json_set json_type json_valid jsonb jsonb_array jsonb_array_insert jsonb_extract
  jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set
  julianday lag last_value lead length like likelihood likely ln log log10 log2 lower ltrim match matchinfo max median
  min mod nth_value ntile nullif octet_length offsets percent_rank percentile percentile_cont percentile_disc pi pow
  power printf quote radians random randomblob rank replace round row_number rtrim sign sin sinh snippet soundex
  sqlite_version sqrt strftime string_agg substr substring subtype sum tan tanh time timediff total trim trunc typeof
  unhex unicode unistr unistr_quote unixepoch unlikely upper vec_add vec_bit vec_distance_cosine vec_distance_hamming
  vec_distance_l1 vec_distance_l2 vec_f32 vec_int8 vec_length vec_normalize vec_quantize_binary vec_quantize_int8
  vec_slice vec_sub vec_to_json vec_type vec_version zeroblob last_insert_rowid total_changes
`);

/** PRAGMAs that only read: with the name of a table or index as argument, or with none. */
export const safePragmas: ReadonlyMap<string, "argument" | "none"> = new Map<string, "argument" | "none">([
  ["table_info", "argument"],
  ["table_xinfo", "argument"],
  ["table_list", "argument"],
  ["index_list", "argument"],
  ["index_info", "argument"],
  ["index_xinfo", "argument"],
  ["foreign_key_list", "argument"],
  ["collation_list", "none"],
  ["data_version", "none"],
  ["encoding", "none"],
  ["page_count", "none"],
  ["page_size", "none"],
  ["schema_version", "none"],
  ["user_version", "none"],
]);

/** Tables that need not be created: of SQLite, of sqlite-vec and callsql's own. */
export const safeTables: ReadonlySet<string> = words(`
  json_each json_tree vec_each
  sys_procedures sys_procedure_parameters sys_procedure_columns sys_models sys_options sys_calls sys_runs
`);

/** For CREATE VIRTUAL TABLE. */
export const safeModules: ReadonlySet<string> = words("fts5 rtree rtree_i32 geopoly vec0");
