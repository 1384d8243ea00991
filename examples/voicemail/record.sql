-- Set-up: somebody has to call. Speaks each line of calls.csv and leaves it as a WAV file, as a telephone system would.
SET DEFAULT GenerateAudio.Model = 'offline-flite';

SELECT count(writefile('examples/voicemail/out/call-' || c.id || '.wav', g.Audio)) AS calls_recorded
FROM calls AS c, GenerateAudio(c.said, Voice => c.voice, ResponseFormat => 'wav') AS g;
