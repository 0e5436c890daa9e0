import type { Request } from 'express';

interface Layer {
  route?: { methods: Record<string, boolean> };
  match(path: string): boolean;
}

/** Methods that the path of a request has routes for; empty when no route has this path. */
export function allowedMethods(request: Request): string[] {
  // Not `request.path`: Nest's last handler is mounted below the prefix and sees the rest only.
  const [path = ''] = request.originalUrl.split('?');
  const { stack } = (request.app as unknown as { router: { stack: Layer[] } }).router;
  const methods = stack
    .filter((layer) => layer.route && layer.match(path))
    .flatMap((layer) => Object.keys(layer.route?.methods ?? {}))
    .filter((method) => method !== '_all')
    .map((method) => method.toUpperCase());
  return [...new Set(methods)].sort();
}
