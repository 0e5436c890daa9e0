import { describe, expect, it } from 'vitest';
import { AskPasswordReset, ChangeEmail, ConfirmPasswordReset, Register, SignIn } from '../../contracts/account.dto.js';
import { CreateGuest } from '../../contracts/profile.dto.js';
import { ReportConversation } from '../../contracts/safety.dto.js';
import { Empty, SendMessage, SyncConversation } from '../../contracts/socket-requests.dto.js';
import { State } from '../../contracts/state.dto.js';
import { compileDto } from './compile-dto.js';

const guest = { adult: true, ageBand: '25-34', languages: ['en'], interests: ['chess'] };
const uuid = '0191d5b0-0000-7000-8000-000000000000';

describe('compileDto', () => {
  it.each([
    ['a whole guest', CreateGuest, { ...guest, nickname: 'Zoë', gender: 'woman', seeks: { genders: ['man'] } }],
    ['an absent optional as null', CreateGuest, { ...guest, seeks: null, nickname: null }],
    ['24 code points of two units each', CreateGuest, { ...guest, nickname: '😀'.repeat(24) }],
    ['an empty payload', Empty, {}],
    ['a message', SendMessage, { conversationId: 'x', clientId: uuid, text: 'hello' }],
  ])('accepts %s', (_, dto, value) => {
    expect(compileDto(dto)(value)).toBeUndefined();
  });

  it.each([
    ['no adult', { ...guest, adult: undefined }, 'adult', 'required'],
    ['adult false', { ...guest, adult: false }, 'adult', 'choice'],
    ['adult as text', { ...guest, adult: 'true' }, 'adult', 'type'],
    ['an unknown field', { ...guest, role: 'admin' }, 'role', 'unknown'],
    ['a nested unknown field', { ...guest, seeks: { role: 1 } }, 'seeks.role', 'unknown'],
    ['an unknown language', { ...guest, languages: ['en', 'xx'] }, 'languages.1', 'choice'],
    ['no language', { ...guest, languages: [] }, 'languages', 'count'],
    ['too many interests', { ...guest, interests: Array(11).fill('a') }, 'interests', 'count'],
    ['a long interest', { ...guest, interests: ['a'.repeat(257)] }, 'interests.0', 'length'],
    ['a wrong band', { ...guest, ageBand: '12-17' }, 'ageBand', 'choice'],
    ['a wrong sought band', { ...guest, seeks: { ageBands: ['x'] } }, 'seeks.ageBands.0', 'choice'],
    ['a list for a text', { ...guest, nickname: ['a'] }, 'nickname', 'type'],
  ])('refuses %s', (_, value, field, code) => {
    expect(compileDto(CreateGuest)(JSON.parse(JSON.stringify(value)))).toEqual([{ field, code }]);
  });

  it.each([null, undefined, 'x', 5, [], [{}]])('refuses %j as a payload', (value) => {
    expect(compileDto(Empty)(value)).toHaveLength(1);
  });

  it('bounds seq and clientId', () => {
    expect(compileDto(SyncConversation)({ conversationId: 'x', after: -1 })).toEqual([
      { field: 'after', code: 'range' },
    ]);
    expect(compileDto(SyncConversation)({ conversationId: 'x', after: 1.5 })).toEqual([
      { field: 'after', code: 'type' },
    ]);
    expect(compileDto(SendMessage)({ conversationId: 'x', clientId: 'no', text: '' })).toEqual([
      { field: 'clientId', code: 'format' },
    ]);
  });

  const nul = 'nul\u0000 in a long text';
  it.each([
    [Register, { email: nul, password: 'a long password' }, 'email'],
    [SignIn, { email: nul, password: 'p' }, 'email'],
    [ChangeEmail, { email: nul, password: 'p' }, 'email'],
    [AskPasswordReset, { email: nul }, 'email'],
    [ConfirmPasswordReset, { token: nul, password: 'a long password' }, 'token'],
    [ReportConversation, { reason: nul }, 'reason'],
    [ReportConversation, { reason: 'spam', note: nul }, 'note'],
    [SendMessage, { conversationId: 'x', clientId: uuid, text: nul }, 'text'],
  ])('refuses NUL in a text, which Postgres would fail on: %o %j', (dto, value, field) => {
    expect(compileDto(dto)(value)).toEqual([{ field, code: 'format' }]);
  });

  it.each([
    [SignIn, { email: 'a@b.example', password: nul }],
    [CreateGuest, { ...guest, nickname: 'a\u0000', interests: ['b\u0000'] }],
    [SyncConversation, { conversationId: nul, after: 0 }],
  ])('leaves it to who hashes the text, drops it or knows better: %o %j', (dto, value) => {
    expect(compileDto(dto)(value)).toBeUndefined();
  });

  it('describes what the server says, too', () => {
    const user = { id: uuid, kind: 'guest', profile: { ageBand: '55+', languages: ['el'], interests: [] } };
    expect(compileDto(State)({ state: 'idle', user })).toBeUndefined();
    expect(compileDto(State)({ state: 'idle', user: { ...user, secret: 1 } })).toEqual([
      { field: 'user.secret', code: 'unknown' },
    ]);
  });
});
