-- Answering the voice mail of a heating company: SQL that listens, sorts, looks up and speaks.
--
-- What a telephone system knows is in the table calls: id, phone, received_at. What was said is only in the WAV files.
-- customers.csv says who calls from which number, answers.csv what to say about what.

-- These models run inside callsql. With a key: 'gpt-transcribe' and 'gpt-4o-mini-tts', and --connection openai.
SET DEFAULT CreateTranscription.Model = 'offline-moonshine-tiny';
SET DEFAULT GenerateAudio.Model = 'offline-flite';

DROP TABLE IF EXISTS messages; DROP TABLE IF EXISTS topics; DROP TABLE IF EXISTS replies;

-- 1. Listen. Each recording is read, written down, and forgotten again.
CREATE TABLE messages AS
SELECT c.id, c.phone, c.received_at, t.Transcription AS text, t.Audio_Duration AS seconds
FROM calls AS c, CreateTranscription(readfile('examples/voicemail/out/call-' || c.id || '.wav')) AS t;

-- 2. What it is about: the answer whose description is nearest in meaning.
CREATE TABLE topics AS SELECT topic, answer, GetEmbeddings(about) AS embedding FROM answers;

-- 3. Sort, shorten, look up, and put the reply together. Callers who are no customers stay in (LEFT JOIN).
CREATE TABLE replies AS
WITH sorted AS (
  SELECT m.*, u.Category AS urgency,
         SummarizeText(m.text, Length => 2) AS gist,
         (SELECT t.answer FROM topics AS t ORDER BY vec_distance_cosine(t.embedding, GetEmbeddings(m.text)) LIMIT 1) AS answer
  FROM messages AS m, ClassifyText(m.text, Categories => '{
         "emergency":   "Help, it is dangerous: gas, a leak, water on the floor, everything is cold. Come at once.",
         "question":    "I would like to ask about an invoice, an offer, a price or a contract.",
         "appointment": "I would like to make an appointment for a service on some day next month.",
         "thanks":      "Thank you, everything is fine, have a nice day."
       }') AS u
)
SELECT s.id, s.received_at, coalesce(c.name, 'unknown caller') AS caller, c.tier, c.technician, s.urgency, s.gist,
       'Hello' || coalesce(', ' || c.name, '') || '. This is Warm Home Heating. ' || s.answer ||
       CASE s.urgency
         WHEN 'emergency' THEN ' ' || coalesce(c.technician, 'Our technician') || ' will be with you ' ||
              CASE c.tier WHEN 'contract' THEN 'within one hour.' ELSE 'today.' END
         WHEN 'question' THEN ' We call you back ' || CASE c.tier WHEN 'contract' THEN 'today.' ELSE 'tomorrow.' END
         ELSE ''
       END AS reply
FROM sorted AS s LEFT JOIN customers AS c USING (phone);

-- 4. Speak. The replies lie beside the recordings, ready to be sent back.
SELECT count(writefile('examples/voicemail/out/reply-' || r.id || '.mp3', g.Audio)) AS replies_spoken
FROM replies AS r, GenerateAudio(r.reply, Voice => 'ash', ResponseFormat => 'mp3') AS g;

-- The morning's calls, worst first.
SELECT id, caller, urgency, gist FROM replies
ORDER BY urgency <> 'emergency', urgency = 'thanks', received_at;

-- What they will hear.
SELECT id, reply FROM replies ORDER BY id;
