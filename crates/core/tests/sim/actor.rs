//! Who acts: pairs that behave well and must always get on, and hostile contexts that do anything with anything.

use b8g_core::abi::{SpawnLimits, ready};
use b8g_core::stream::Gone;
use b8g_core::{Error, Handle, Rights};

use crate::model::Thing;
use crate::world::{CANCELLED, World};

/// What a context does when it has its turn.
#[derive(Clone, Debug)]
pub enum Script {
    Hostile,
    /// Sends numbers, and an event whose bits are the number with each.
    Producer {
        to: Handle,
        sent: u64,
        event: Option<Handle>,
    },
    Consumer {
        from: Handle,
        received: u64,
    },
    /// Sends a number and receives the next one.
    Asker {
        with: Handle,
        answered: u64,
        asked: bool,
    },
    /// Answers until nobody asks any more. It takes the first handle that it has.
    Answerer {
        answer: Option<u64>,
        answered: u64,
    },
    Writer {
        to: Handle,
        written: u64,
    },
    Reader {
        from: Handle,
        read: u64,
    },
    /// Starts tasks that answer, suspends them, asks them, and sees them end, again and again.
    Supervisor {
        stage: Stage,
        with: Handle,
        task: Handle,
        asked: u64,
        seen: u64,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    Start,
    Ask,
    Hear,
    Close,
    Join,
}

impl Script {
    pub const ANSWERER: Script = Script::Answerer { answer: None, answered: 0 };
    pub const SUPERVISOR: Script = Script::Supervisor {
        stage: Stage::Start,
        with: Handle::ENGINE,
        task: Handle::ENGINE,
        asked: 0,
        seen: 0,
    };

    /// Whether it ends when it is asked to.
    pub fn minds(&self) -> bool {
        !matches!(self, Script::Hostile)
    }

    /// What it got done, if it is one that must get on.
    pub fn progress(&self) -> Option<u64> {
        match self {
            Script::Hostile | Script::Producer { .. } | Script::Answerer { .. } | Script::Writer { .. } => {
                None
            }
            Script::Consumer { received, .. } => Some(*received),
            Script::Asker { answered, .. } => Some(*answered),
            Script::Reader { read, .. } => Some(*read),
            Script::Supervisor { asked, .. } => Some(*asked),
        }
    }
}

fn number_of(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("a number has eight bytes"))
}

impl World {
    pub fn act(&mut self, number: usize) {
        let mut script = self.contexts[number].script.clone();
        if let Script::Hostile = script {
            return self.do_anything(number);
        }
        let done = self.behave(number, &mut script);
        // What waits for room or a message tries again then; whoever started a task may have ended it meanwhile.
        if let Err((error, handle, interest)) = done {
            assert_eq!(error, Error::Again, "{script:?}");
            let deadline = if self.random.once_in(5) { Some(self.now + self.random.below(20)) } else { None };
            let is_parked = self.random.once_in(2);
            self.wait(number, vec![(handle, interest)], deadline, is_parked).expect("the wait is in order");
        }
        self.contexts[number].script = script;
    }

    /// What somebody who behaves well does next; what he must wait for if he cannot.
    fn behave(&mut self, number: usize, script: &mut Script) -> Result<(), (Error, Handle, u32)> {
        let reading = |handle| move |error| (error, handle, ready::READ);
        let writing = |handle| move |error| (error, handle, ready::WRITE);
        match script {
            Script::Hostile => {}
            Script::Producer { to, sent, event } => {
                if event.is_none() {
                    *event = Some(self.event(number, *sent as u32).expect("there is room for an event"));
                }
                let handles = event.iter().copied().collect();
                self.send(number, *to, sent.to_le_bytes().to_vec(), handles).map_err(writing(*to))?;
            }
            Script::Consumer { from, received } => {
                let (bytes, handles) = self.receive(number, *from, 8, 1).map_err(reading(*from))?;
                assert_eq!(number_of(&bytes), *received, "in order");
                let before = self.signal(number, handles[0], 0, 0);
                assert_eq!(before, Ok(*received as u32));
                self.remove(number, handles[0], true).expect("it is there");
                *received += 1;
            }
            Script::Asker { with, answered, asked } => {
                if !*asked {
                    self.send(number, *with, answered.to_le_bytes().to_vec(), vec![])
                        .map_err(writing(*with))?;
                } else {
                    let (bytes, _) = self.receive(number, *with, 8, 0).map_err(reading(*with))?;
                    assert_eq!(number_of(&bytes), *answered + 1);
                    (*answered, *asked) = (*answered + 1, false);
                }
            }
            Script::Answerer { answer, .. } => {
                let Some(handle) = self.model.tables[number].keys().next() else {
                    panic!("it has a channel")
                };
                let with = Handle::from_raw(*handle);
                let sent = match answer {
                    Some(answer) => self.send(number, with, answer.to_le_bytes().to_vec(), vec![]),
                    None => match self.receive(number, with, 8, 0) {
                        Ok((bytes, _)) => {
                            *answer = Some(number_of(&bytes) + 1);
                            Ok(())
                        }
                        Err(Error::Again) => return Err((Error::Again, with, ready::READ)),
                        Err(error) => Err(error),
                    },
                };
                match sent {
                    Ok(()) => {}
                    Err(Error::Closed) => self.end(number, 0, true),
                    Err(error) => return Err((error, with, ready::WRITE)),
                }
            }
            Script::Writer { to, written } => {
                let bytes = 3 + self.random.below(20);
                *written += self.write(number, *to, bytes).map_err(writing(*to))?;
            }
            Script::Reader { from, read } => {
                let bytes = 3 + self.random.below(20);
                let more = self.read(number, *from, bytes).map_err(reading(*from))?;
                assert!(more > 0, "the writer has not ended");
                *read += more;
            }
            Script::Supervisor { stage, with, task, asked, seen } => match stage {
                Stage::Start => {
                    let [mine, theirs] = self.channel(number).expect("there is room for a channel");
                    let limits = SpawnLimits { handles: 2, ..SpawnLimits::default() };
                    let spawned = self.spawn(number, &[theirs], Script::ANSWERER, true, limits);
                    (*with, *task) = (mine, spawned.expect("there is room for a task"));
                    (*stage, *seen) = (Stage::Ask, 0);
                }
                Stage::Ask => {
                    let suspend = self.random.once_in(3);
                    self.suspend(number, *task, suspend).expect("it may be managed");
                    let question = *asked;
                    self.send(number, *with, question.to_le_bytes().to_vec(), vec![])
                        .map_err(writing(*with))?;
                }
                Stage::Hear => {
                    self.suspend(number, *task, false).expect("it may be managed");
                    let (bytes, _) = self.receive(number, *with, 8, 0).map_err(reading(*with))?;
                    assert_eq!(number_of(&bytes), *asked + 1);
                    (*asked, *seen) = (*asked + 1, *seen + 1);
                    *stage = if *seen == 4 { Stage::Close } else { Stage::Ask };
                }
                Stage::Close => {
                    match self.random.below(3) {
                        0 => self.cancel(number, *task).expect("it may be managed"),
                        1 => drop(self.snapshot(number, *task)),
                        _ => {}
                    }
                    // One that was told to stop may do so before it sees that nobody asks any more.
                    if self.random.once_in(2) {
                        self.remove(number, *with, true).expect("it is there");
                        *with = Handle::ENGINE;
                        *stage = Stage::Join;
                    } else {
                        self.kill(number, *task).expect("it may be managed");
                        *stage = Stage::Join;
                    }
                }
                Stage::Join => {
                    let ended = self.join(number, *task).map_err(reading(*task))?;
                    assert!([0, CANCELLED, crate::world::KILLED].contains(&ended), "{ended}");
                    for handle in [*task, *with] {
                        let _ = self.remove(number, handle, true);
                    }
                    *stage = Stage::Start;
                }
            },
        }
        Ok(())
    }

    /// A message was sent, or came back.
    pub fn sent(&mut self, number: usize, sent: Result<(), Error>) {
        let mut script = self.contexts[number].script.clone();
        let handle = match &mut script {
            Script::Producer { to, sent: count, event } if sent.is_ok() => {
                (*count, *event) = (*count + 1, None);
                *to
            }
            Script::Producer { to, .. } => *to,
            Script::Asker { with, asked, .. } => {
                *asked = sent.is_ok();
                *with
            }
            Script::Answerer { answer, answered } if sent.is_ok() => {
                (*answer, *answered) = (None, *answered + 1);
                Handle::ENGINE
            }
            Script::Answerer { .. } if sent == Err(Error::Closed) => return self.end(number, 0, true),
            Script::Supervisor { stage, with, .. } => {
                *stage = if sent.is_ok() { Stage::Hear } else { Stage::Ask };
                *with
            }
            _ => return,
        };
        if let Err(error) = sent {
            assert_eq!(error, Error::Again, "{script:?}");
            self.wait(number, vec![(handle, ready::WRITE)], None, false).expect("the wait is in order");
        }
        self.contexts[number].script = script;
    }

    /// A wait is over.
    pub fn waited(&mut self, number: usize, is_ready: bool) {
        let _ = (number, is_ready);
    }

    /// A handle of this context's, or now and then one that it had, or a number.
    fn any(&mut self, number: usize) -> Handle {
        let own: Vec<u32> = self.model.tables[number].keys().copied().collect();
        match self.random.below(24) {
            0 => Handle::from_raw(self.random.next() as u32),
            1 => Handle::new(self.random.below(8) as u32, self.random.below(3) as u32),
            _ => Handle::from_raw(self.random.pick(&own).unwrap_or(0)),
        }
    }

    /// A handle to such a thing, mostly.
    fn one(&mut self, number: usize, is_it: impl Fn(&Thing) -> bool) -> Handle {
        if self.random.once_in(16) {
            return self.any(number);
        }
        let table = self.model.tables[number].iter();
        let fit = table.filter(|(_, (name, _))| is_it(&self.model.things[name]));
        let fit: Vec<u32> = fit.map(|(handle, _)| *handle).collect();
        Handle::from_raw(self.random.pick(&fit).unwrap_or(0))
    }

    fn end_of_channel(&mut self, number: usize) -> Handle {
        self.one(number, |thing| matches!(thing, Thing::End { .. }))
    }

    fn any_rights(&mut self) -> Rights {
        let bits = self.random.next() as u32 & Rights::ALL.bits();
        let most = Rights::from_bits(bits).unwrap_or(Rights::NONE);
        // Most stay useful.
        if self.random.once_in(4) { most } else { Rights::ALL }
    }

    /// Whatever a hostile context can think of. What it is answered was checked against the model.
    fn do_anything(&mut self, number: usize) {
        let random = self.random.below(48);
        match random {
            0..=1 => {
                let (handle, rights) = (self.any(number), self.any_rights());
                let _ = self.dup(number, handle, rights);
            }
            2..=5 => {
                let handle = self.any(number);
                let _ = self.remove(number, handle, true);
            }
            6..=7 => drop(self.channel(number)),
            8..=16 => self.send_anything(number),
            17..=22 => {
                let handle = self.end_of_channel(number);
                let (bytes, objects) = match self.random.below(4) {
                    0 => (self.random.below(50) as usize, self.random.below(4) as usize),
                    _ => (usize::MAX, 64),
                };
                let _ = self.receive(number, handle, bytes, objects);
            }
            23 => {
                let (element, capacity) = (self.random.below(5), self.random.below(4) * self.random.below(9));
                let _ = self.stream(number, element, capacity);
            }
            24..=26 => {
                let handle = self.one(number, |thing| matches!(thing, Thing::Writer { .. }));
                let bytes = self.random.below(20);
                let _ = self.write(number, handle, bytes);
            }
            27..=29 => {
                let handle = self.one(number, |thing| matches!(thing, Thing::Reader { .. }));
                let bytes = self.random.below(20);
                let _ = self.read(number, handle, bytes);
            }
            30..=31 => {
                let is_stream = |thing: &Thing| matches!(thing, Thing::Reader { .. } | Thing::Writer { .. });
                let (handle, bytes) = (self.one(number, is_stream), self.random.below(14));
                if random == 30 {
                    let _ = self.commit(number, handle, bytes);
                } else if self.random.once_in(3) {
                    let how = if bytes == 0 { Gone::Ended } else { Gone::Aborted(bytes as u32) };
                    let _ = self.finish(number, handle, how);
                }
            }
            32 => {
                let bits = self.random.below(4) as u32;
                let _ = self.event(number, bits);
            }
            33 => {
                let handle = self.one(number, |thing| matches!(thing, Thing::Event { .. }));
                let (clear, set) = (self.random.below(8) as u32, self.random.below(8) as u32);
                let _ = self.signal(number, handle, clear, set);
            }
            34 => {
                let at = self.now + self.random.below(40);
                let _ = self.timer(number, at);
            }
            35..=37 => self.wait_for_anything(number),
            38..=40 => self.link_anything(number),
            41 => {
                let handles: Vec<Handle> = (0..self.random.below(3)).map(|_| self.any(number)).collect();
                let (hears, handles_max) = (!self.random.once_in(4), self.random.below(8));
                let (memory, output) = (self.random.below(120), self.random.below(600));
                let asked = SpawnLimits {
                    memory_bytes: memory,
                    output_bytes: output,
                    handles: handles_max,
                    ..SpawnLimits::default()
                };
                let _ = self.spawn(number, &handles, Script::Hostile, hears, asked);
            }
            42..=45 => self.order_anything(number),
            46 => {
                let (memory, output) = (self.random.below(30), self.random.below(60));
                let _ = self.grow(number, memory, output);
            }
            // Vanishes, well or not.
            _ if self.random.once_in(6) => {
                let well = self.random.once_in(2);
                self.end(number, 3, well);
            }
            _ => {}
        }
    }

    /// A message, perhaps of ends of channels that lie within one another, perhaps of what is not there, perhaps too large.
    fn send_anything(&mut self, number: usize) {
        let to = self.end_of_channel(number);
        let bytes = vec![self.steps as u8; self.any_size()];
        let count = [0, 1, 1, 2, 3, 4][self.random.below(6) as usize];
        let mut handles: Vec<Handle> = Vec::new();
        for _ in 0..count {
            let handle = if self.random.once_in(2) { self.end_of_channel(number) } else { self.any(number) };
            // Twice the same is always refused.
            if !handles.contains(&handle) || self.random.once_in(10) {
                handles.push(handle);
            }
        }
        let _ = self.send(number, to, bytes, handles);
    }

    fn wait_for_anything(&mut self, number: usize) {
        let count = self.random.below(4);
        let item = |world: &mut World| (world.any(number), world.random.below(4) as u32);
        let items: Vec<(Handle, u32)> = (0..count).map(|_| item(self)).collect();
        let deadline = match self.random.below(10) {
            0 => None,
            1 => Some(self.now),
            _ => Some(self.now + self.random.below(60)),
        };
        let is_parked = self.random.once_in(2);
        let _ = self.wait(number, items, deadline, is_parked);
    }

    fn link_anything(&mut self, number: usize) {
        let keys = self.one(number, |thing| matches!(thing, Thing::Keys));
        // Recent ones, so that some meet.
        let recent = self.random.below(4.min(self.keys.len() as u64)) as usize;
        let id = self.keys[self.keys.len() - 1 - recent];
        match self.random.below(6) {
            0 => drop(self.mint(number, keys)),
            1 => drop(self.revoke(number, keys, id)),
            _ => drop(self.bind(number, keys, id)),
        }
    }

    fn order_anything(&mut self, number: usize) {
        let task = self.one(number, |thing| matches!(thing, Thing::Task { .. }));
        let times = if self.random.once_in(8) { 5 } else { 1 };
        for _ in 0..times {
            match self.random.below(8) {
                0 => drop(self.kill(number, task)),
                1 => drop(self.cancel(number, task)),
                2 => drop(self.suspend(number, task, true)),
                3 | 4 => drop(self.suspend(number, task, false)),
                5 => drop(self.join(number, task)),
                _ => drop(self.snapshot(number, task)),
            }
        }
    }
}
