/** How everything on the page was measured, and what it favours. */
export const METHOD = `## How it is measured

**Work.** Half of the events are verifications, half are about persons; in reality phone traffic outnumbers personnel changes by far and costs less an event, so this is on
the safe side. A person starts (seven attributes), moves twice (another title or place, another department), and every other one leaves; one of five is in Finance, which has rules of its own; 15 % are contractors. All
starts come before the first move, and so on, each time in another order: events of one person are far apart. A verification is six events (requested, attempt opened, ringing, answered, the right PIN, ended) between those of
fifty others. CloudEvents in structured mode, about half a KiB each, the sources and rules of the example policy; the same seed gives the same feed. Two input topics of 8 partitions, five output topics of 4.

**Course.** Each round has a database and topics of its own. The inputs are filled first and the database writes a checkpoint; then the consumer starts on the backlog, so that no sender takes CPU time meanwhile, and warms up
within the round; growth of intake begins behind 8,000 events of the standard mix. Services are processes as in the image, with its memory limits and their default settings (the reconciler takes two transactions at once with up to 1,000 events each, the
relay up to 2,000 messages a transaction), \`fsync\` and \`synchronous_commit\` on, one broker, \`acks=all\`. Rounds are interleaved A C D B A C D B, behind one smaller round that is thrown away.

**Arms.**

- *A naive*: kafkajs with its defaults, \`eachMessage\`, one event a transaction, by the same domain functions into the same tables, and the same relay. That favours it: its statements are prepared and pipelined, which
  hardly anybody's are, and its events and effects are as exactly-once as Latchkey's.
- *B pg-transactional-outbox*: from npm, its polling listeners, the same domain functions into the same tables, its inbox and its outbox in the place of ours. Batches, polling and concurrency are the best that was
  found for it: [what was tried](performance/peer.md). It numbers no messages; ids that come twice are looked for instead.
- *C Latchkey*: one reconciler, one relay.
- *D raw floor*: the same consumer, one insert a batch of what came, by array parameters, into a table without any index, and one message an event with the event itself, through the same outbox and the same relay. Nothing is parsed, claimed,
  locked or decided, nothing is found out. It publishes another number of messages an event than C; both are in the table.

**Check.** After every round of A, C and D: every event was applied or stale once, every duplicate was known for one, every poison is a dead letter; no effect id is there twice; and what the consumer read is the outbox, row by
row: positions contiguous from 1 in each partition, and a digest of ids and positions equal to the database's.

**CPU** is what \`/proc\` says of each process, between the first commit and the last message: the service, the relay, PostgreSQL with all its processes (those that have ended included), the broker. The consumer that measures visibility is not counted
in the sums; it competes for the same cores. **WAL** is the distance of log positions. **Memory** is the high-water mark of resident memory.

**Latency.** Events are sent by a fixed schedule that waits for nobody, from a process of its own; latency counts from the scheduled moment, so a stall counts for everything that should have been sent meanwhile. An event counts
when its last effect was seen: effects name the events that caused them. Events without effects (a phone rings) are sent and not counted. The first seconds of the schedule are not counted, either.

**Two revisions.** \`npm run bench -- --against <revision> --pairs 7\` compares these sources with a commit, branch or tag. Both run from copies, with the packages that are installed here,
on the same servers, each with its own schema, topics and groups; pairs alternate which one is first. It prints medians of the ratios of each pair (CPU an event of the services and of PostgreSQL, throughput, WAL, latency at 200
events a second, that is in small batches), since load on the machine affects both of a pair. Statements and round trips of a batch are exact and have a test: compare the table in \`test/integration/round-trips.test.ts\`.

**The relay alone** publishes rows that SQL has put there, as large as an average access effect, over three topics; against intake it is compared in messages a second.`;
