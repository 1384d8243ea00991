/** The fixed texts around the generated help. */

export const examples = `Examples:
  callsql -c "SELECT 1 + 1"
  callsql tickets.db -c "SELECT * FROM tickets" -o csv
  callsql --connection offline -c "CALL GetEmbeddings(:Text)" -p Text=hello
  callsql --import t=tickets.csv -c "SELECT id, GenerateResponse(body) FROM t"
  callsql --params rows.csv -c "CALL ClassifyText(:body, :labels)" -o csv
  callsql run nightly.sql tickets.db --keep-going
  echo "SELECT 1;" | callsql -o json
  callsql procedures GenerateResponse
  callsql models --refresh
  callsql serve tickets.db
`;

export const exitCodes = `
Exit codes:
  0 all good    1 a statement failed    2 usage or configuration    3 try again later
  4 stopped by a budget    5 finished, some rows failed    6 credentials    130 interrupted
`;
