//! Running a component of the component model: instantiation, its function `run`, its handler of HTTP or another function, and the
//! loop that lets its parts go on.
//!
//! wasmtime knows which parts of a guest can go on; when none can, it gives control back, and the loop here waits for what
//! they wait for, in one wait of the dispatch function. There is no other thread and no other loop.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

use wasmtime::Store;
use wasmtime::component::{
    Accessor, ComponentNamedList, Func, Instance, Lift, Lower, Resource, TypedFunc, Val,
};

use super::host::{Done, Failure, sweep, trap, wait};
use super::idle::Event;
use super::{Handler, Model};
use crate::state::State;
use crate::{wasi2, wasi3};

/// What `run` answers.
type Answer = (Result<(), ()>,);

/// Whether something was woken since it was asked last.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Instantiates a model. Code of its core modules may run in this.
pub(crate) fn instantiate(store: &mut Store<State>, model: &Model) -> wasmtime::Result<Instance> {
    // Nothing of it can wait but in the host: it needs no stack of its own.
    if !model.waits() {
        return model.pre.instantiate(store);
    }
    at_once(model.pre.instantiate_async(store))
}

/// Calls a function that waits for nothing.
pub(crate) fn call_at_once<P, R>(
    store: &mut Store<State>,
    model: &Model,
    function: &TypedFunc<P, R>,
    arguments: P,
) -> wasmtime::Result<R>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift + 'static,
{
    match model.waits() {
        true => at_once(function.call_async(store, arguments)),
        false => function.call(store, arguments),
    }
}

fn at_once<R>(future: impl Future<Output = wasmtime::Result<R>>) -> wasmtime::Result<R> {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending if woken.0.swap(false, SeqCst) => {}
            Poll::Pending => return Err(trap("it waits for something before it has begun")),
        }
    }
}

/// Calls `run`; answers what it answered.
pub(crate) fn run(
    store: &mut Store<State>,
    model: &Model,
    instance: Instance,
) -> wasmtime::Result<Result<(), ()>> {
    let Some(at) = &model.run else { return Err(trap("it exports no wasi:cli/run")) };
    let run = instance.get_typed_func::<(), Answer>(&mut *store, at)?;
    let (answer,) = drive(store, async |accessor| run.call_concurrent(accessor, ()).await)?;
    Ok(answer)
}

/// Lets a handler of HTTP answer the request that the context was given.
pub(crate) fn answer(store: &mut Store<State>, model: &Model, instance: Instance) -> wasmtime::Result<()> {
    match &model.handler {
        Some(Handler::Async(at)) => {
            type Answer = (wasi3::http::Answer,);
            let handle =
                instance.get_typed_func::<(Resource<wasi3::http::Request>,), Answer>(&mut *store, at)?;
            drive(store, async |accessor| {
                let accessor = &accessor.with_getter::<wasi3::Host>(|state| state);
                let request = accessor.with(wasi3::http::incoming)?;
                let (answer,) = handle.call_concurrent(accessor, (request,)).await?;
                wasi3::http::answer(accessor, answer).await
            })
        }
        Some(Handler::Sync(at)) => {
            type Parameters =
                (Resource<wasi2::http::IncomingRequest>, Resource<wasi2::http::ResponseOutparam>);
            let handle = instance.get_typed_func::<Parameters, ()>(&mut *store, at)?;
            drive(store, async |accessor| {
                let given = accessor.with(|mut access| wasi2::http::incoming(access.get()))?;
                handle.call_concurrent(accessor, given).await
            })
        }
        None => Err(trap("it exports no handler of HTTP")),
    }
}

/// Calls an exported function.
pub(crate) fn call(
    store: &mut Store<State>,
    model: &Model,
    function: Func,
    arguments: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    match model.waits() {
        true => drive(store, async |accessor| function.call_concurrent(accessor, arguments, results).await),
        // Nothing of it can wait but in the host, so that it needs no loop.
        false => function.call(store, arguments, results),
    }
}

/// Runs the parts of a guest until `act` is done.
fn drive<R>(
    store: &mut Store<State>,
    act: impl AsyncFnOnce(&Accessor<State>) -> wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let idle = AtomicBool::new(false);
    let running = store.run_concurrent(async |accessor| {
        let mut act = pin!(act(accessor));
        std::future::poll_fn(|context| {
            if let Poll::Ready(answer) = act.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            if idle.swap(false, SeqCst) {
                let waited = accessor.with(|mut access| wait_for_all(access.get()));
                if let Err(error) = waited {
                    return Poll::Ready(Err(error));
                }
            }
            Poll::Pending
        })
        .await
    });
    let mut running = pin!(running);
    loop {
        match running.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => return answer?,
            // Nothing can go on: the next round waits.
            Poll::Pending => idle.store(!woken.0.swap(false, SeqCst), SeqCst),
        }
    }
}

/// Waits until something happens that a part of the guest waits for, and lets all of them look.
fn wait_for_all(state: &mut State) -> wasmtime::Result<()> {
    sweep(state)?;
    let pending = state.resources().pending.take();
    if pending.is_empty() {
        return Err(trap("deadlock: the program waits for what nothing can bring about"));
    }
    let mut items = Vec::new();
    let mut deadline: Option<u64> = None;
    for (event, _) in &pending {
        match event {
            Event::Item(item) => items.push(*item),
            Event::Deadline(at) => deadline = Some(deadline.map_or(*at, |first| first.min(*at))),
        }
    }
    let mut out = vec![0; items.len()];
    let waited: Done = wait(state, &items, deadline, &mut out);
    pending.into_iter().for_each(|(_, waker)| waker.wake());
    match waited {
        Ok(()) => Ok(()),
        Err(Failure::Error(error)) => Err(trap(&format!("the program cannot wait: {error}"))),
        Err(Failure::Trap(error)) => Err(error),
    }
}
