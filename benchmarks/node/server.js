"use strict";
// A room server as one writes it with socket.io: join by acknowledgement, events in over Redis.
// The compression of WebSocket messages stays off, as it is by default.

const http = require("node:http");
const Redis = require("ioredis");
const { Server } = require("socket.io");
const { createAdapter } = require("@socket.io/redis-adapter");

const [redisUrl] = process.argv.slice(2);
const publishing = new Redis(redisUrl);
const server = http.createServer();
const io = new Server(server, { adapter: createAdapter(publishing, publishing.duplicate()) });

io.on("connection", (socket) => {
  socket.on("join_training", ({ session_id }, acknowledge) => {
    socket.join(`training_${session_id}`);
    acknowledge({ ok: true, session_id });
  });
});

server.listen({ host: "127.0.0.1", port: 0, backlog: 2048 }, () => {
  console.log(server.address().port);
});
