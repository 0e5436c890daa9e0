import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ApiModule } from './api.module.js';
import { boot } from './boot.js';
import { configureHttp } from './platform/http/configure-http.js';
import { Log } from './platform/logging/log.js';
import { NestLogger } from './platform/logging/nest-logger.js';
import { Drain } from './platform/realtime/drain.js';
import { SocketAdapter } from './platform/realtime/socket-adapter.js';
import { refuse } from './refuse.js';
import { shutDownGracefully } from './shutdown.js';

// The api process: HTTP, sockets, the web client's files.
const started = await boot('api');
const app = await NestFactory.create<NestExpressApplication>(ApiModule.for(started), {
  bodyParser: false,
  bufferLogs: true,
  abortOnError: false,
});
app.useLogger(app.get(NestLogger));
configureHttp(app, started.config.http);
const sockets = new SocketAdapter(app, app.getHttpServer());
app.useWebSocketAdapter(sockets);
shutDownGracefully(app, () => app.get(Drain).run(sockets.create()), started.stopTracing);
await app.listen(started.config.http.port).catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
  refuse([`PORT cannot be listened on (${error.code})`]);
});
app.get(Log).info({ event: 'api.listening', port: started.config.http.port, origin: started.config.http.publicOrigin });
