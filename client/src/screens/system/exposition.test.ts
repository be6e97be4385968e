import { expect, test } from "vitest";

import { byLabel, rate, samplesOf, total } from "./exposition";

const TEXT = `# HELP crypto_predict_events_published_total Events sent to rooms
# TYPE crypto_predict_events_published_total counter
crypto_predict_events_published_total{type="epoch"} 7.0
crypto_predict_events_published_total{type="scored"} 12.0
crypto_predict_socketio_connections 3.0
crypto_predict_errors_total{error_code="say \\"what\\", now"} 1.0
flask_http_request_total{method="GET",status="200"} 1e+03
crypto_predict_models{status="active"} NaN
`;

test("samples are read with their labels, quotes inside of them included", () => {
  const samples = samplesOf(TEXT, ["crypto_predict_"]);
  expect(samples.map(({ name }) => name)).not.toContain("flask_http_request_total");
  expect(total(samples, "crypto_predict_events_published_total")).toBe(19);
  expect(total(samples, "crypto_predict_socketio_connections")).toBe(3);
  expect(byLabel(samples, "crypto_predict_events_published_total", "type")[0]).toEqual(["scored", 12]);
  expect(byLabel(samples, "crypto_predict_errors_total", "error_code")).toEqual([['say \\"what\\", now', 1]]);
});

test("what is not there is unknown, not zero", () => {
  expect(total(samplesOf(TEXT, ["crypto_predict_"]), "crypto_predict_unheard_of")).toBeNull();
});

test("a rate needs two readings, and says nothing over a restart that began to count anew", () => {
  expect(rate(null, { at: 1000, count: 5 })).toBeNull();
  expect(rate({ at: 1000, count: 5 }, { at: 6000, count: 30 })).toBe(5);
  expect(rate({ at: 1000, count: 50 }, { at: 6000, count: 3 })).toBeNull();
});
