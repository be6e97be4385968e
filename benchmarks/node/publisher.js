"use strict";
// Publishes the lines of stdin to a room at a fixed rate, from a process of its own.

const Redis = require("ioredis");
const { Emitter } = require("@socket.io/redis-emitter");

const [redisUrl, room, count, rate] = process.argv.slice(2);
const redis = new Redis(redisUrl);
const emitter = new Emitter(redis);
const template = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const interval = 1e9 / Number(rate);

const monotonic = () => Number(process.hrtime.bigint());

async function main() {
  await redis.ping();
  const start = monotonic();
  for (let published = 0; published < Number(count); published += 1) {
    const wait = start + published * interval - monotonic();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait / 1e6));
    const seq = template.seq + published;
    const data = { ...template.data, epoch: seq, sent: monotonic() };
    emitter.to(room).emit("training_update", { ...template, seq, data });
  }
  await redis.quit();
}

main();
