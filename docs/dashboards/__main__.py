"""Write Grafana's dashboards anew: ``python -m docs.dashboards``."""

from docs.dashboards.files import FOLDER, texts

if __name__ == "__main__":
    for name, text in texts().items():
        (FOLDER / name).write_text(text)
