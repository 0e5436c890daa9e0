import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ApiModule } from './api.module.js';
import { boot } from './boot.js';
import { configureHttp } from './platform/http/configure-http.js';
import { Log } from './platform/logging/log.js';
import { NestLogger } from './platform/logging/nest-logger.js';
import { Drain } from './platform/realtime/drain.js';
import { SocketAdapter } from './platform/realtime/socket-adapter.js';
import { refusePort } from './refuse.js';
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
const { port } = started.config.http;
await app.listen(port).catch((error: NodeJS.ErrnoException) => refusePort(error, port));
app.get(Log).info({ event: 'api.listening', port, origin: started.config.http.publicOrigin });
