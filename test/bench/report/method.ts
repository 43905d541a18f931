/** Description of the measurements, and of their bias. */
export const METHOD = `## How it is measured

**Work.** Half of the events are verifications, half are about persons; in production phone traffic outnumbers personnel changes by far and costs less per event, so this mix
is conservative. A person starts (seven attributes), moves twice (another title or place, another department), and every second one leaves; one of five is in Finance, which has separate rules; 15 % are contractors. All
starts precede the first move, and so on, each phase in another order: events of one person are far apart. A verification is six events (requested, attempt opened, ringing, answered, the right PIN, ended), interleaved with those of
fifty others. CloudEvents in structured mode, about half a KiB each, the sources and rules of the example policy; the same seed gives the same feed. Two input topics of 8 partitions, five output topics of 4.

**Course.** Each round has a new database and new topics. The inputs are filled first and the database writes a checkpoint; then the consumer starts on the backlog, so that no sender uses CPU time meanwhile, and warms up
within the round; growth of intake starts after 8,000 events of the standard mix. Services are processes as in the image, with its memory limits and their default settings (the reconciler runs two concurrent transactions with up to 1,000 events each, the
relay up to 2,000 messages per transaction), \`fsync\` and \`synchronous_commit\` on, one broker, \`acks=all\`. Rounds are interleaved A C D B A C D B, after one smaller warm-up round that is discarded.

**Arms.**

- *A naive*: kafkajs with its defaults, \`eachMessage\`, one event per transaction, with the same domain functions, the same tables and the same relay. That favours it: its statements are prepared and pipelined, which
  is rare in practice, and its events and effects are exactly-once as Latchkey's.
- *B pg-transactional-outbox*: from npm, its polling listeners, the same domain functions and tables, with its inbox and its outbox instead of ours. Batches, polling and concurrency have the best settings that were
  found: [tried settings](performance/peer.md). It does not number messages, so duplicate ids are checked instead.
- *C Latchkey*: one reconciler, one relay.
- *D raw floor*: the same consumer, one insert per batch, with array parameters, into a table without indexes, and one message per event with the event itself, through the same outbox and the same relay. Nothing is parsed, claimed,
  locked or decided. It publishes another number of messages per event than C; both are in the table.

**Check.** After every round of A, C and D: every event is applied or stale once, every duplicate is counted as a duplicate, every poison is a dead letter; effect ids are unique; and the consumer has read the outbox row by
row: positions contiguous from 1 in each partition, and a digest of ids and positions equal to the database's.

**CPU** is the CPU time in \`/proc\` of each process, between the first commit and the last message: the service, the relay, PostgreSQL with all its processes (also those that have ended), the broker. The consumer that measures visibility is not
in the sums; it competes for the same cores. **WAL** is the distance of log positions. **Memory** is peak resident memory.

**Latency.** A separate process sends events on a fixed schedule (open loop). Latency counts from the scheduled time, so a stall delays every event that is due meanwhile. It ends
when the last effect of the event is seen: effects name the events that caused them. Events without effects (a phone rings) and the first seconds of the schedule are sent but not measured.

**Two revisions.** \`npm run bench -- --against <revision> --pairs 7\` compares these sources with a commit, branch or tag. Both run from copies, with the packages that are installed here,
on the same servers, each with its own schema, topics and groups; pairs alternate which one is first. It prints medians of the ratios of each pair (CPU an event of the services and of PostgreSQL, throughput, WAL, latency at 200
events a second, that is in small batches), since load on the machine affects both of a pair. Statements and round trips of a batch are exact and have a test: compare the table in \`test/integration/round-trips.test.ts\`.

**A year of snapshots** sends, night after night, one \`stated\` event about each person, with a new revision; 3 % of the persons have another department than the night before. Each night is in the topic before the
reconciler, suspended meanwhile, goes on, and the next is sent when all of it is decided and published. CPU an event is that of the services and PostgreSQL; the night that creates the persons is in neither week.

**Facts behind each person** (growth): intake decides the whole history of twenty persons, and SQL copies all that it wrote, with other ids, so that checkpoints are those of real transactions; then new events about
all of them are measured. *Moved*: rows with dates of their own, every fifth with a key. *Stated*: the same statement every night, every thirtieth with another department.

**The relay alone** publishes rows that SQL has inserted, as large as an average access effect, over three topics; it is compared with intake in messages per second.`;
