-- Sorting the inbox of a small outdoor shop: SQL that calls AI models.
--
-- Four tables are there already, imported from the CSV files in this folder:
--   customers (id, name, email, country, tier, since)
--   orders    (id, customer_id, ordered_on, item, quantity, price_eur, status)
--   tickets   (id, customer_id, order_id, received_at, channel, subject, body)   -- all of them open
--   articles  (id, title, body)                                                  -- the knowledge base
--
-- `EXPLAIN CALLS` in front of a statement counts what it would call, without calling.

DROP TABLE IF EXISTS article_vectors; DROP TABLE IF EXISTS held; DROP TABLE IF EXISTS triage;
DROP TABLE IF EXISTS nearest; DROP TABLE IF EXISTS report;

-- 1. The knowledge base as vectors. A call in a select list is a value: GetEmbeddings gives the vector.
CREATE TABLE article_vectors AS
SELECT id AS article_id, title, GetEmbeddings(title || '. ' || body) AS embedding
FROM articles;

-- 2. Abuse and threats are held back for a person to read. A call in FROM is a table: it may name columns to its
--    left, and gives every result column. A ticket that could not be judged (Flagged is NULL) is held too.
CREATE TABLE held (ticket_id INTEGER PRIMARY KEY, reasons TEXT, body TEXT);

INSERT INTO held
SELECT t.id,
       coalesce(m.Error_Message, nullif(concat_ws(', ',
         CASE m.Category_Harassment             WHEN 1 THEN 'harassment' END,
         CASE m.Category_Harassment_Threatening WHEN 1 THEN 'threat' END,
         CASE m.Category_Hate                   WHEN 1 THEN 'hate' END,
         CASE m.Category_Violence               WHEN 1 THEN 'violence' END), ''), 'other'),
       t.body
FROM tickets AS t, ModerateText(t.body) AS m
WHERE m.Flagged IS NOT 0;

-- 3. Every other ticket gets a category, a vector and, if it is long, a summary.
--    Cheap conditions run before calls: "Hello?" is never classified. The same ModerateText calls as in step 2 are
--    answered from the record of this run, and a text that was sent twice is one call. CASE calls for long texts only.
CREATE TABLE triage AS
WITH calm AS (
  SELECT id, body FROM tickets
  WHERE length(trim(body)) >= 20 AND ModerateText(body) = 0
)
SELECT t.id AS ticket_id,
       c.Category AS category,
       c.Confidence AS confidence,
       c.Model_Used AS sorted_by,
       CASE WHEN length(t.body) > 240 THEN SummarizeText(t.body, Length => 2) END AS summary,
       GetEmbeddings(t.body) AS embedding
FROM calm AS t, ClassifyText(t.body, Categories => '{
       "delivery":              "My parcel has not arrived. Where is it, when will the courier deliver it?",
       "damaged or wrong item": "The item I received is broken, defective or not what I ordered.",
       "return or refund":      "I want to return or exchange the item, cancel the order, or get my refund.",
       "payment or invoice":    "A question about a payment, an invoice, a gift card or a discount code.",
       "account":               "I have a problem with my account, login, password, profile or loyalty points.",
       "product question":      "Which size should I choose? Is it waterproof? How do I use and care for the product?"
     }') AS c;

-- 4. The article nearest to each ticket. No calls: the vectors are here, and sqlite-vec measures their distance.
--    (With min(), SQLite takes the other columns from the row that holds the minimum.)
CREATE TABLE nearest AS
SELECT t.ticket_id, a.title, min(vec_distance_cosine(t.embedding, a.embedding)) AS distance
FROM triage AS t, article_vectors AS a
WHERE t.embedding IS NOT NULL AND a.embedding IS NOT NULL
GROUP BY t.ticket_id;

-- 5. The report: plain SQL again. Identical messages of one customer become one row; held ones never enter.
CREATE TABLE report AS
WITH inbox AS (
  SELECT min(id) AS id, customer_id, order_id, received_at, subject, body, count(*) AS times_sent,
         julianday((SELECT max(received_at) FROM tickets)) - julianday(received_at) AS days_waiting
  FROM tickets
  WHERE id NOT IN (SELECT ticket_id FROM held)
  GROUP BY customer_id, body
)
SELECT i.id AS ticket_id, c.name AS customer, c.tier, c.country, o.item, o.status AS order_status,
       round(i.days_waiting, 1) AS days_waiting, i.times_sent, i.subject,
       coalesce(t.category, '(too short)') AS category, t.confidence, n.title AS article,
       replace(coalesce(t.summary, i.body), char(10), ' ') AS gist,
       round(CASE c.tier WHEN 'business' THEN 2 WHEN 'plus' THEN 1 ELSE 0 END
         + CASE o.status WHEN 'lost' THEN 4 WHEN 'delayed' THEN 3 ELSE 0 END
         + CASE WHEN i.body LIKE '%urgent%' OR i.body LIKE '%tomorrow%' THEN 4 ELSE 0 END
         + (i.times_sent - 1) + i.days_waiting / 4, 1) AS urgency
FROM inbox AS i
JOIN customers AS c ON c.id = i.customer_id
LEFT JOIN orders AS o ON o.id = i.order_id
LEFT JOIN triage AS t ON t.ticket_id = i.id
LEFT JOIN nearest AS n ON n.ticket_id = i.id;

-- What came in, and from whom.
SELECT category, count(*) FILTER (WHERE tier = 'standard') AS standard, count(*) FILTER (WHERE tier = 'plus') AS plus,
       count(*) FILTER (WHERE tier = 'business') AS business, count(*) AS total
FROM report GROUP BY category ORDER BY total DESC, category;

-- The ten to answer first, with the article that may help.
SELECT ticket_id AS ticket, urgency, tier, country, category, order_status AS "order", article,
       substr(gist, 1, 80) AS gist
FROM report ORDER BY urgency DESC, ticket_id LIMIT 10;

-- What waits for a person.
SELECT reasons, count(*) AS tickets FROM held GROUP BY reasons ORDER BY tickets DESC, reasons;
