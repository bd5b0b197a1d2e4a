"""Tasks, queues, timeouts, locks, errors and cleanup with asyncio."""
import asyncio
import contextlib
import time


async def fetch(name, delay):
    await asyncio.sleep(delay)
    if name == "bad":
        raise ValueError("bad page")
    return f"<{name}>"


async def producer(queue):
    for number in range(5):
        await queue.put(number)
        await asyncio.sleep(0)
    await queue.put(None)


async def consumer(queue, seen):
    while (number := await queue.get()) is not None:
        seen.append(number * number)
        queue.task_done()


@contextlib.asynccontextmanager
async def resource(name):
    print("open", name)
    try:
        yield name.upper()
    finally:
        await asyncio.sleep(0)
        print("close", name)


async def ticks(count):
    for number in range(count):
        yield number
        await asyncio.sleep(0.001)


async def main():
    began = time.monotonic()
    print(await asyncio.gather(*(fetch(name, 0.05) for name in "abcde")))
    print("together" if time.monotonic() - began < 0.2 else "one after the other")
    results = await asyncio.gather(fetch("ok", 0), fetch("bad", 0), return_exceptions=True)
    print(results[0], repr(results[1]))
    queue, seen = asyncio.Queue(maxsize=2), []
    await asyncio.gather(producer(queue), consumer(queue, seen))
    print(seen)
    try:
        await asyncio.wait_for(asyncio.sleep(5), 0.01)
    except asyncio.TimeoutError:
        print("timed out")
    async with resource("db") as handle:
        print("using", handle)
    print([number async for number in ticks(3)])
    task = asyncio.create_task(asyncio.sleep(10))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    print(task.cancelled())
    limit = asyncio.Semaphore(2)
    running = most = 0

    async def worker():
        nonlocal running, most
        async with limit:
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1

    await asyncio.gather(*(worker() for _ in range(6)))
    print("at most", most)
    done, pending = await asyncio.wait([asyncio.create_task(fetch("x", 0)), asyncio.create_task(fetch("y", 1))], return_when=asyncio.FIRST_COMPLETED)
    print(len(done), len(pending))
    for task in pending:
        task.cancel()
    print(await asyncio.to_thread(sum, range(10)))
    first = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.001, first.set_result, "called")
    print(await first)


asyncio.run(main())
