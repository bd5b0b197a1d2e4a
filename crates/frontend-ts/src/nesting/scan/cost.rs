//! What tokens cost: call stack, and being parsed again.

use super::{Before, Clause, Scan, TOKEN_BYTES};

impl Scan<'_> {
    pub(super) fn operand(&mut self) {
        self.count_token();
        self.before = Before::Operand;
        self.end_token(0);
    }

    pub(super) fn end_token(&mut self, punctuator: u8) {
        self.word = None;
        self.newline = false;
        self.punctuator = punctuator;
        let level = self.top_mut();
        level.items = (level.items + 1).min(2);
        if punctuator != b';' && punctuator != 0 && level.ended {
            let forgotten = TOKEN_BYTES * u64::from(level.chain);
            (level.chain, level.ended) = (0, false);
            self.stack -= forgotten;
        }
    }

    pub(super) fn count_token(&mut self) {
        let level = self.top_ref();
        if level.repeats == 1 && level.angles == 0 && self.defaults == 0 {
            return;
        }
        let times =
            level.repeats.saturating_mul((1 + u64::from(level.angles)).saturating_mul(1 + self.defaults));
        self.work = self.work.saturating_add(times - 1);
    }

    /// Counts a name of an `import` or `export` statement.
    pub(super) fn count_name(&mut self) {
        match self.clause {
            Clause::Other => {}
            Clause::Import => self.imports += 1,
            Clause::Export => self.exports += 1,
        }
    }

    pub(super) fn count_run(&mut self) {
        self.top_mut().run += 1;
        self.add_stack(TOKEN_BYTES);
    }

    pub(super) fn reset_run(&mut self) {
        let level = self.top_mut();
        let forgotten = TOKEN_BYTES * u64::from(level.run);
        level.run = 0;
        self.stack -= forgotten;
    }

    /// An operand beside an operand: whatever was open as type arguments was none.
    pub(super) fn end_type_arguments_beside_operand(&mut self) {
        if self.before == Before::Operand && self.top_ref().angles > 0 {
            self.end_type_arguments();
        }
    }

    pub(super) fn end_type_arguments(&mut self) {
        let level = self.top_mut();
        let forgotten = TOKEN_BYTES * u64::from(level.angles);
        level.angles = 0;
        self.stack -= forgotten;
    }

    pub(super) fn add_stack(&mut self, bytes: u64) {
        self.stack += bytes;
        self.stack_max = self.stack_max.max(self.stack);
    }
}
