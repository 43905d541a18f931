-- By which ids are alike: NFKC, ASCII letters without regard to case, no blanks, no zeros in front.
-- Ids stay compared by bytes; this only finds similar ids for a reviewer.
create function folded_id(id text) returns text
  language sql immutable parallel safe
  return ltrim(regexp_replace(lower(normalize(id, nfkc) collate "C"), '[[:space:]]+', '', 'g'), '0');
alter function folded_id(text) owner to latchkey_migrator;

-- A review closes when what it asks about became clear.
grant update on review to latchkey_reconciler, latchkey_operator;
