// Made by `make client-types`; do not edit.
export const START_TRAINING = {
  "batch_size": {
    "minimum": 8,
    "maximum": 256,
    "default": 32,
    "description": "Windows per step",
    "required": false
  },
  "end_date": {
    "default": null,
    "description": "Last candle; default: the last one stored",
    "required": false
  },
  "epochs": {
    "minimum": 1,
    "maximum": 1000,
    "description": "Passes over the training part, at most",
    "required": true
  },
  "horizon": {
    "minimum": 1,
    "maximum": 30,
    "default": 1,
    "description": "Candles ahead that are forecast, all at once",
    "required": false
  },
  "interval": {
    "default": "1h",
    "enum": [
      "1m",
      "5m",
      "15m",
      "30m",
      "1h",
      "4h",
      "1d"
    ],
    "description": "Candle length",
    "required": false
  },
  "learning_rate": {
    "minimum": 0.0001,
    "maximum": 0.1,
    "default": 0.001,
    "description": "Adam's learning rate",
    "required": false
  },
  "lookback": {
    "minimum": 10,
    "maximum": 365,
    "default": 30,
    "description": "Candles that a forecast sees",
    "required": false
  },
  "model_type": {
    "enum": [
      "CNN",
      "LSTM",
      "CNN-LSTM",
      "LSTM-CNN"
    ],
    "description": "The network",
    "required": true
  },
  "patience": {
    "minimum": 1,
    "maximum": 1000,
    "default": null,
    "description": "Epochs without a better validation loss after which training stops; none: never",
    "required": false
  },
  "seed": {
    "minimum": 0,
    "maximum": 2147483647,
    "default": null,
    "description": "Same seed, same weights; none: drawn",
    "required": false
  },
  "start_date": {
    "default": null,
    "description": "First candle; default: the first one stored",
    "required": false
  },
  "ticker": {
    "pattern": "^[A-Z0-9]{1,15}-[A-Z0-9]{1,15}$",
    "description": "What to forecast, as BASE-QUOTE",
    "required": true
  }
} as const;
