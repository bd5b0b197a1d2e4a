//! The simulator: worlds of contexts that behave well and of others that do anything, driven through the state machines of core
//! and compared with a plain model at each step.
//!
//! Start reading at [`run`]. A world follows from its seed. `B8G_SIM_SEED` replays one, `B8G_SIM_STEPS` says how many steps each
//! test does in all.

// One thread runs a world; what is counted in core is counted for many.
#![allow(clippy::arc_with_non_send_sync)]

mod actor;
mod check;
mod model;
mod object;
mod operation;
mod random;
mod task;
mod wait;
mod world;

use actor::Script;
use object::Object;
use world::World;

/// Steps of a test, unless the environment says otherwise.
const STEPS: u64 = 1_000_000;
/// Steps of one world.
const WORLD_STEPS: u64 = 4_000;
/// Turns that somebody who behaves well needs at most for one thing that he does.
const TURNS_PER_PROGRESS: u64 = 60;

/// Who lives in a world.
struct Mix {
    hostile: u64,
    /// Of each kind of pair that behaves well.
    pairs: u64,
    supervisors: u64,
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {value:?}")))
}

/// Says how to replay a world that fails.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("B8G_SIM_SEED={} B8G_SIM_STEPS={WORLD_STEPS} replays this world", self.0);
        }
    }
}

/// Runs worlds until so many steps are done.
fn run(mix: &Mix) {
    let (first, steps) = (number("B8G_SIM_SEED").unwrap_or(1), number("B8G_SIM_STEPS").unwrap_or(STEPS));
    let mut done = 0;
    for seed in first.. {
        if done >= steps {
            return;
        }
        let _replay = Replay(seed);
        done += live(seed, mix);
    }
}

/// One world, from its beginning to its end; answers how many steps it took.
fn live(seed: u64, mix: &Mix) -> u64 {
    let mut world = World::new(seed);
    let pairs: Vec<usize> = (0..mix.pairs).flat_map(|_| settle_pairs(&mut world)).collect();
    let supervisors: Vec<usize> = (0..mix.supervisors).map(|_| world.root(Script::SUPERVISOR)).collect();
    let mut hostile: Vec<usize> = Vec::new();
    (0..mix.hostile).for_each(|_| join_in(&mut world, &mut hostile));
    while world.steps < WORLD_STEPS {
        if mix.hostile > 0 && world.random.once_in(150) {
            // One vanishes in the middle of whatever it does, and another comes.
            let at = world.random.below(hostile.len() as u64) as usize;
            let gone = hostile.swap_remove(at);
            let well = world.random.once_in(2);
            world.end(gone, world::KILLED, well);
            world.settle();
            join_in(&mut world, &mut hostile);
        }
        if !world.step() {
            assert!(pairs.is_empty() && supervisors.is_empty(), "those who behave well sleep for ever");
            break;
        }
    }
    for number in pairs.iter().chain(&supervisors) {
        let context = &world.contexts[*number];
        if let Some(progress) = context.script.progress() {
            let expected = (context.turns / TURNS_PER_PROGRESS).saturating_sub(2);
            assert!(progress >= expected, "{:?} after {} turns", context.script, context.turns);
        }
    }
    world.finish_world();
    world.steps
}

/// Pairs that behave well: over a channel one way and both ways, over a stream and a rendezvous.
fn settle_pairs(world: &mut World) -> Vec<usize> {
    let roots: Vec<usize> = (0..8).map(|_| world.root(Script::Hostile)).collect();
    let [to, from] = world.connect(roots[0], roots[1]);
    world.contexts[roots[0]].script = Script::Producer { to, sent: 0, event: None };
    world.contexts[roots[1]].script = Script::Consumer { from, received: 0 };
    let [with, _] = world.connect(roots[2], roots[3]);
    world.contexts[roots[2]].script = Script::Asker { with, answered: 0, asked: false };
    world.contexts[roots[3]].script = Script::ANSWERER;
    for (at, capacity) in [(4, 1 + world.random.below(12)), (6, 0)] {
        let element = 1 + world.random.below(3);
        let [reader, to] = world.stream(roots[at], element, capacity).expect("there is room for a stream");
        world.contexts[roots[at]].script = Script::Writer { to, written: 0 };
        let lent = world.lend(roots[at], &[reader], |_| true).expect("the reader may leave");
        world.model.flights[roots[at]].clear();
        world.contexts[roots[at]].table.forget(&[reader]);
        for (object, rights) in lent {
            let from = world.put(roots[at + 1], object, rights);
            world.contexts[roots[at + 1]].script = Script::Reader { from, read: 0 };
        }
    }
    roots
}

/// Another hostile context, with keys, and with channels to others of its kind.
fn join_in(world: &mut World, hostile: &mut Vec<usize>) {
    let new = world.root(Script::Hostile);
    let keys: Object = world.keys_object();
    world.put(new, keys, world::ALL);
    for _ in 0..2 {
        if let Some(other) = world.random.pick(hostile)
            && world.contexts[other].alive
            && !matches!(world.contexts[other].doing, world::Doing::Sending { .. })
            && world.room(other) > 0
        {
            world.connect(new, other);
        }
    }
    hostile.push(new);
}

#[test]
fn pairs_that_behave_well_get_on_alone() {
    run(&Mix { hostile: 0, pairs: 1, supervisors: 1 });
}

#[test]
fn pairs_get_on_among_hostile_contexts() {
    run(&Mix { hostile: 4, pairs: 1, supervisors: 1 });
}

#[test]
fn hostile_contexts_break_no_promise() {
    run(&Mix { hostile: 5, pairs: 0, supervisors: 0 });
}

#[test]
fn two_hostile_contexts_break_no_promise() {
    run(&Mix { hostile: 2, pairs: 0, supervisors: 0 });
}
