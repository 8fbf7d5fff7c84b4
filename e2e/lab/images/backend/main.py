"""The shop's backend: products from the database, over HTTP.

Which version it is, and how that version behaves, is in release.json beside this file:
one release differs from the next by that one small layer.
"""

import json
import os
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from psycopg import OperationalError
from psycopg_pool import ConnectionPool, PoolTimeout

RELEASE = json.loads((Path(__file__).parent / "release.json").read_text())
VERSION = RELEASE["version"]
BEHAVIOUR = RELEASE["behaviour"]
STARTED = time.monotonic()

if BEHAVIOUR["kind"] == "exits-at-start":
    print(f"backend {VERSION}: fatal: cannot read setting CATALOGUE_KEY", file=sys.stderr, flush=True)
    sys.exit(1)

pool = ConnectionPool(
    os.environ.get("DATABASE_URL", "postgresql://shop:shop@db:5432/shop"),
    min_size=1,
    max_size=4,
    timeout=3,
    open=False,
)


@asynccontextmanager
async def lifespan(_app: FastAPI):
    pool.open(wait=False)
    yield
    pool.close(timeout=2)


app = FastAPI(title="shop backend", version=VERSION, lifespan=lifespan)


def ready() -> bool:
    age_s = time.monotonic() - STARTED
    if BEHAVIOUR["kind"] == "never-ready":
        return False
    if BEHAVIOUR["kind"] == "slow-start":
        return age_s >= BEHAVIOUR["readyAfterS"]
    return True


def broken() -> bool:
    return BEHAVIOUR["kind"] == "fails-later" and time.monotonic() - STARTED >= BEHAVIOUR["failsAfterS"]


@app.middleware("http")
async def behave(request: Request, call_next):
    if broken():
        response = JSONResponse({"error": "catalogue index is corrupt"}, status_code=500)
    elif not ready():
        response = JSONResponse({"error": "starting"}, status_code=503)
    else:
        response = await call_next(request)
    response.headers["x-release"] = VERSION
    return response


@app.get("/healthz")
def healthz():
    return {"status": "ok", "version": VERSION}


@app.get("/version")
def version():
    return PlainTextResponse(VERSION)


@app.get("/products")
def products():
    try:
        with pool.connection() as connection:
            rows = connection.execute("SELECT id, name, maker, price_cents FROM products ORDER BY id").fetchall()
    except (OperationalError, PoolTimeout) as failure:
        return JSONResponse({"error": f"database: {failure}".strip()}, status_code=503)
    return [{"id": r[0], "name": r[1], "maker": r[2], "priceCents": r[3]} for r in rows]


@app.post("/echo")
async def echo(request: Request):
    return {"release": VERSION, "received": (await request.body()).decode("utf-8", "replace")}
