import type { ExecutionContext } from '@nestjs/common';
import { MESSAGE_METADATA, PARAM_ARGS_METADATA } from '@nestjs/websockets/constants.js';
import type { EventHandler } from './socket-edge.js';
import type { Connection } from './connection.types.js';

/** Nest's `WsParamtype.PAYLOAD` */
const PAYLOAD = '3';

/** What Nest would run around a method, and we do not: the edge does it for all (metadata keys of Nest). */
const AROUND = ['__guards__', '__pipes__', '__interceptors__', '__exceptionFilters__'];
const HOOKS = ['afterInit', 'handleConnection', 'handleDisconnect'];

type Argument = (connection: Connection, payload: unknown) => unknown;

/** What Nest's parameter decorators leave behind, by `<type>:<index>`. */
type ParameterMetadata = Record<
  string,
  { index: number; data?: unknown; pipes?: unknown[]; factory?: (data: unknown, context: ExecutionContext) => unknown }
>;

/**
 * The methods of a gateway by their event, called directly: Nest's pipeline costs a dozen promises a call and does nothing here.
 * @throws when the gateway asks for something of that pipeline, which would be left out in silence
 */
export function handlersOf(gateway: object): Map<string, EventHandler> {
  const { prototype, name } = gateway.constructor as { prototype: Record<string, unknown>; name: string };
  refuseAround(gateway.constructor, name);
  for (const hook of HOOKS) if (hook in gateway) throw new Error(`${name}.${hook} would not be called`);
  const handlers = new Map<string, EventHandler>();
  for (const key of Object.getOwnPropertyNames(prototype)) {
    const method = prototype[key];
    if (typeof method !== 'function' || !Reflect.hasMetadata(MESSAGE_METADATA, method)) continue;
    refuseAround(method, `${name}.${key}`);
    const args = argumentsOf(gateway.constructor, key);
    const call = method.bind(gateway) as (...args: unknown[]) => unknown;
    handlers.set(Reflect.getMetadata(MESSAGE_METADATA, method) as string, (connection, payload) =>
      call(...args.map((argument) => argument(connection, payload))),
    );
  }
  return handlers;
}

function refuseAround(target: object, name: string): void {
  const found = AROUND.find((key) => Reflect.hasMetadata(key, target));
  if (found) throw new Error(`${name} has ${found}, which nothing would run: see socket-edge.ts`);
}

function argumentsOf(type: object, key: string): Argument[] {
  const metadata = (Reflect.getMetadata(PARAM_ARGS_METADATA, type, key) ?? {}) as ParameterMetadata;
  const args: Argument[] = [];
  for (const [kind, { index, data, pipes = [], factory }] of Object.entries(metadata)) {
    if (pipes.length > 0 || (data !== undefined && !factory))
      throw new Error(`${key}: a parameter of more than its value`);
    if (factory) args[index] = (connection) => factory(data, contextOf(connection));
    else if (kind.startsWith(`${PAYLOAD}:`)) args[index] = (_, payload) => payload;
    else throw new Error(`${key}: a parameter that the edge cannot give`);
  }
  return args;
}

/** As much of an execution context as a parameter decorator for sockets needs. */
const contextOf = (connection: Connection): ExecutionContext =>
  ({ getType: () => 'ws', switchToWs: () => ({ getClient: () => connection }) }) as unknown as ExecutionContext;
