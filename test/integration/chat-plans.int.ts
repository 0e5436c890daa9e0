import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AttendanceRepository } from '../../src/chat/attendance.repository.js';
import { BeaconRepository } from '../../src/chat/beacon.repository.js';
import { PulseRepository } from '../../src/chat/pulse.repository.js';
import { retentionClasses } from '../../src/cleanup/retention-classes.js';
import { RetentionRepository } from '../../src/cleanup/retention.repository.js';
import { ChatStage } from '../support/chat-stage.js';

let stage: ChatStage;
beforeAll(async () => {
  stage = await ChatStage.start();
});
afterAll(() => stage.stop());

/** The plan of every statement that `work` sends; tables are empty here, so reading them whole is ruled out. */
async function plansOf(work: () => Promise<unknown>): Promise<string> {
  const sent: { text: string; values: unknown[] }[] = [];
  const spy = vi.spyOn(pg.Client.prototype, 'query');
  await work().catch(() => undefined);
  for (const [first, second] of spy.mock.calls as unknown as [string | pg.QueryConfig, unknown][]) {
    if (typeof first === 'string') sent.push({ text: first, values: Array.isArray(second) ? second : [] });
    else if (first?.text) sent.push({ text: first.text, values: first.values ?? [] });
  }
  spy.mockRestore();
  const plans: string[] = [];
  for (const { text, values } of sent.filter((statement) => /^\s*(WITH|SELECT|UPDATE|DELETE)/.test(statement.text)))
    await stage.database.transaction(async (tx) => {
      await tx.query('SET LOCAL enable_seqscan = off');
      plans.push(JSON.stringify(await tx.query(`EXPLAIN (FORMAT JSON) ${text}`, values)));
    });
  return plans.join('\n');
}

const id = randomUUID();
const cases: [string, RegExp[], (s: ChatStage) => Promise<unknown>][] = [
  [
    'memberships',
    [/conversation_members_handle_key/, /conversations_pkey/],
    (s) => s.conversationRows.memberships(['h']),
  ],
  ['openOf', [/participations_pkey/, /conversation_members_pkey/], (s) => s.conversationRows.openOf([id])],
  ['endsOf', [/conversation_members_handle_key/], (s) => s.conversationRows.endsOf(['h'])],
  [
    'lockAbandoned',
    [/participations_away_since_idx/],
    (s) => s.database.transaction((tx) => s.conversationRows.lockAbandoned(tx, 1, 9)),
  ],
  [
    'lockIdle',
    [/conversations_last_activity_at_idx/],
    (s) => s.database.transaction((tx) => s.conversationRows.lockIdle(tx, 1, 9)),
  ],
  [
    'pages',
    [/messages_\d+_pkey/, /conversations_pkey/],
    (s) => s.messageRows.pages([{ conversationId: '1', after: 0, limit: 9 }]),
  ],
  ['heldOf', [/conversations_pkey/], (s) => s.messageRows.heldOf(['1'])],
  ['truthOf', [/participations_pkey/], (s) => new BeaconRepository(s.database).truthOf([id], 1)],
  [
    'markAway',
    [/participations_pkey/],
    (s) => new AttendanceRepository(s.database).markAway([{ userId: id, generation: 1 }]),
  ],
  [
    'markHere',
    [/participations_pkey/],
    (s) => new AttendanceRepository(s.database).markHere([{ userId: id, generation: 1 }]),
  ],
  ['membersHere', [/participations_pkey/], (s) => new AttendanceRepository(s.database).membersHere(undefined, 9)],
  ['open', [/conversations_pkey/], (s) => new PulseRepository(s.database).open(['1'])],
  ['touch', [/conversations_pkey/], (s) => new PulseRepository(s.database).touch('1')],
  [
    'markSeen',
    [/conversation_members_pkey/],
    (s) => new PulseRepository(s.database).markSeen([{ conversationId: '1', slot: 0, seq: 1 }]),
  ],
  [
    'deleteDueMessages',
    [/conversations_said_delete_after_idx/, /messages_\d+_(pkey|started_on_conversation_id_slot_client_id_key)/],
    (s) => new RetentionRepository(s.database).deleteDueMessages(9),
  ],
  [
    'deleteDueConversations',
    [/conversations_delete_after_idx/, /messages_\d+_(pkey|started_on_conversation_id_slot_client_id_key)/],
    (s) => new RetentionRepository(s.database).deleteDueConversations(9),
  ],
  ['dropArchives', [/exports_archive_idx/], (s) => new RetentionRepository(s.database).dropArchives(9)],
];

describe('indexes that the repositories name', () => {
  it.each(cases)('%s', async (_, indexes, work) => {
    const plans = await plansOf(() => work(stage));
    for (const index of indexes) expect(plans).toMatch(index);
  });

  const deleted: Record<string, RegExp[]> = {
    sessions: [/sessions_expires_at_idx/],
    guests: [/users_guests_created_at_idx/, /sessions_user_id_idx/],
    auth_requests: [/auth_requests_delete_after_idx/],
    address_salts: [/address_salts_pkey/],
    reports: [/reports_delete_after_idx/],
    outcomes: [/match_outcomes_matched_on_idx/],
    exports: [/exports_delete_after_idx/],
    erasure_receipts: [/erasures_done_at_idx/],
  };
  const lifetimes = { conversation: { reconnectGraceMs: 1, idleMs: 1 }, session: { maxAgeMs: 1 } };

  it.each(retentionClasses(lifetimes).flatMap(({ name, rows }) => (rows ? [[name, rows] as const] : [])))(
    'deleteRows of %s',
    async (name, rows) => {
      const plans = await plansOf(() => new RetentionRepository(stage.database).deleteRows(rows, 9));
      expect(deleted[name]).toBeDefined();
      for (const index of deleted[name] ?? []) expect(plans).toMatch(index);
    },
  );

  it.each(['nobody has looked into yet', 'hold a long conversation', 'are known to hold a long conversation'])(
    'append_messages reads by whole keys alone in tables that %s, with one plan for all calls',
    async (state) => {
      const conversation = await stage.openConversation();
      const itemsOf = (count: number): unknown[] => {
        const items = Array.from({ length: count }, () => randomUUID());
        const { conversationId, members } = conversation;
        return [items.map(() => conversationId), items.map(() => members[0].userId), items, items.map(() => 'x')];
      };
      // The owner of the server may look into functions; the application's role may not.
      const client = new pg.Client({ connectionString: stage.url });
      await client.connect();
      const append = (count: number) => client.query('SELECT * FROM append_messages($1, $2, $3, $4)', itemsOf(count));
      if (!state.startsWith('nobody')) await append(200);
      if (state.startsWith('are known')) await client.query('ANALYZE');
      const plans: string[] = [];
      client.on('notice', ({ message }) => plans.push(message ?? ''));
      await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
        SET auto_explain.log_level = notice`);
      await append(3);
      await client.end();
      const plan = plans.find((p) => p.includes('INSERT INTO messages')) ?? '';
      expect(plan).toMatch(/conversations_pkey on .*\n *Index Cond: \(id = i\.conversation_id\)/);
      expect(plan).toMatch(/conversation_members_pkey on .*\n *Index Cond: .*conversation_id = /);
      expect(plan).toMatch(
        /messages_\d+_started_on_conversation_id_slot_client_id_key on .*\n *Index Cond: .*conversation_id = .*slot = .*client_id = /,
      );
      expect(plan).not.toMatch(/Seq Scan|Hash Join|Merge Join|Materialize/);
      expect(plans.find((p) => p.includes('FOR NO KEY UPDATE'))).toMatch(/id = ANY \(\$1\)/);
    },
  );
});
