//! One reading of a source as tokens. See `nesting`.
//!
//! Start at [`Scan::step`]. It knows just enough of the language: strings, templates, comments, regular expressions and
//! JSX are skipped; brackets, operators and the words that nest are counted.

mod cost;
mod jsx;
mod text;

use super::words::Word;
use super::{Dialect, LEVEL_BYTES, Limits, TOKEN_BYTES};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Next,
    /// The source ended.
    End,
    /// This reading is no program: the parser stops here if it reads alike.
    Dead,
}

/// What came before the next token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// An operand must follow: a slash starts a regular expression.
    Operator,
    /// An operator must follow: a slash divides.
    Operand,
    Unclear,
}

/// One open bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    /// The bracket; 0 = the file, `$` = `${`, `T` = inside a JSX tag, `A` = the type arguments in one, `X` = between tags.
    open: u8,
    /// What follows: after the parentheses of `if`, `while`, `for`, `with` a statement begins.
    after: Before,
    /// The arrow functions and patterns that are tried first may begin here.
    pattern: bool,
    /// A default value was seen: what it holds is parsed again.
    has_default: bool,
    /// A `:` was seen since the last comma.
    has_colon: bool,
    /// The tokens since the last comma, up to 2.
    items: u8,
    /// The last statement ended; `else` or `while` would continue it.
    ended: bool,
    /// Nesting tokens since the last comma or semicolon.
    run: u32,
    /// Words that nest statements.
    chain: u32,
    /// Angle brackets that may be open type arguments.
    angles: u32,
    /// How often what is inside is parsed because of the type arguments around.
    repeats: u64,
}

/// A reading: a position, the open brackets and the cost so far.
#[derive(Debug, Clone)]
pub(super) struct Scan<'a> {
    source: &'a [u8],
    dialect: Dialect,
    pub(super) at: usize,
    /// Where the last token began.
    pub(super) token: usize,
    levels: Vec<Level>,
    before: Before,
    /// The last token was the word of this role.
    word: Option<Word>,
    /// The last token's byte, if it was a punctuator.
    punctuator: u8,
    newline: bool,
    defaults: u64,
    stack: u64,
    pub(super) stack_max: u64,
    pub(super) work: u64,
    /// The names in `import` and `export` statements, and which of them the last one was.
    imports: u64,
    exports: u64,
    clause: Clause,
}

/// The statement outside of all brackets that began last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    Other,
    Import,
    Export,
}

impl<'a> Scan<'a> {
    pub(super) fn new(source: &'a [u8], dialect: Dialect) -> Self {
        let file = Level {
            open: 0,
            after: Before::Operand,
            pattern: false,
            has_default: false,
            has_colon: false,
            items: 0,
            ended: false,
            run: 0,
            chain: 0,
            angles: 0,
            repeats: 1,
        };
        let mut scan = Self {
            source,
            dialect,
            at: 0,
            token: 0,
            levels: Vec::with_capacity(32),
            before: Before::Operator,
            word: None,
            punctuator: 0,
            newline: true,
            defaults: 0,
            stack: 0,
            stack_max: 0,
            work: 0,
            imports: 0,
            exports: 0,
            clause: Clause::Other,
        };
        scan.levels.push(file);
        if source.starts_with(b"#!") {
            scan.line_comment();
        }
        scan
    }

    pub(super) fn depth(&self) -> usize {
        self.levels.len() - 1
    }

    /// What a reading that died has not seen, as if every byte of it nested.
    pub(super) fn unread_bytes(&self, step: Step) -> u64 {
        match step {
            Step::Dead => (self.source.len().saturating_sub(self.at) as u64 * LEVEL_BYTES / 2).min(256 << 20),
            _ => 0,
        }
    }

    /// Tells whether two readings will go on alike.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.at == other.at
            && self.before == other.before
            && self.word == other.word
            && self.punctuator == other.punctuator
            && self.newline == other.newline
            && self.levels.len() == other.levels.len()
            && self.levels.iter().zip(&other.levels).all(|(mine, theirs)| {
                (mine.open, mine.after, mine.pattern) == (theirs.open, theirs.after, theirs.pattern)
            })
    }

    /// Takes over the higher cost of a reading that agrees.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.defaults = 0;
        self.stack = 0;
        for (mine, theirs) in self.levels.iter_mut().zip(&other.levels) {
            mine.has_default |= theirs.has_default;
            mine.has_colon |= theirs.has_colon;
            mine.items = mine.items.min(theirs.items);
            mine.ended &= theirs.ended;
            mine.run = mine.run.max(theirs.run);
            mine.chain = mine.chain.max(theirs.chain);
            mine.angles = mine.angles.max(theirs.angles);
            mine.repeats = mine.repeats.max(theirs.repeats);
            self.defaults += u64::from(mine.has_default);
            self.stack += LEVEL_BYTES + TOKEN_BYTES * mine.tokens();
        }
        self.stack -= LEVEL_BYTES;
        self.stack_max = self.stack_max.max(other.stack_max).max(self.stack);
        self.work = self.work.max(other.work);
        self.imports = self.imports.max(other.imports);
        self.exports = self.exports.max(other.exports);
    }

    /// Reads the next token. A second reading, if there may be one, goes to `parted`.
    pub(super) fn step(&mut self, parted: &mut Vec<Self>) -> Step {
        match self.top_ref().open {
            b'X' => self.step_text(),
            b'T' => self.step_tag(),
            _ => self.step_code(parted),
        }
    }

    fn step_code(&mut self, parted: &mut Vec<Self>) -> Step {
        self.skip_blanks();
        let Some(&byte) = self.source.get(self.at) else { return Step::End };
        self.token = self.at;
        match byte {
            b'/' => return self.slash(parted),
            b'<' | b'-' if self.opens_html_comment() => {
                let mut operators = self.clone();
                operators.at += 1;
                operators.operator(byte);
                parted.push(operators);
                self.line_comment();
                return Step::Next;
            }
            b'<' if self.dialect.jsx && self.opens_element() != Before::Operator => {
                return self.element(self.opens_element(), parted);
            }
            b'"' | b'\'' => return self.string(byte),
            b'`' => {
                self.count_token();
                self.count_run();
                self.at += 1;
                return self.template();
            }
            b'(' | b'[' | b'{' => {
                self.at += 1;
                self.open(byte);
            }
            b')' | b']' | b'}' => return self.close(byte),
            b';' => self.semicolon(),
            b',' => self.comma(),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() => self.number(),
            b'#' | b'\\' | b'$' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => self.name(),
            _ => {
                self.at += 1;
                self.operator(byte);
            }
        }
        Step::Next
    }

    // Tokens.

    fn word_token(&mut self, word: Word, start: usize) {
        let text = &self.source[start..self.at];
        if self.top_ref().ended && text != b"else" && text != b"while" {
            let forgotten = u64::from(self.top().chain);
            self.stack -= TOKEN_BYTES * forgotten;
            self.top_mut().chain = 0;
        }
        self.top_mut().ended = false;
        if self.levels.len() == 1 {
            self.clause = match text {
                b"import" => Clause::Import,
                b"export" => Clause::Export,
                _ => self.clause,
            };
            if matches!(text, b"import" | b"export") {
                self.count_name();
            }
        }
        match word {
            Word::Plain => self.end_type_arguments_beside_operand(),
            Word::Control | Word::Statement | Word::Declaration => self.end_type_arguments(),
            Word::Prefix | Word::Contextual | Word::Escaped => {}
        }
        match word {
            Word::Plain => {}
            Word::Control | Word::Statement => {
                self.top_mut().chain += 1;
                self.add_stack(TOKEN_BYTES);
            }
            _ => self.count_run(),
        }
        // `for await (`: the parentheses still belong to `for`.
        let follows_for = self.word == Some(Word::Control) && text == b"await";
        self.count_token();
        self.before = match word {
            Word::Plain => Before::Operand,
            Word::Contextual | Word::Escaped => Before::Unclear,
            _ => Before::Operator,
        };
        self.end_token(0);
        self.word = Some(if follows_for { Word::Control } else { word });
    }

    fn operator(&mut self, byte: u8) {
        self.count_token();
        let was = self.before;
        self.before = Before::Operator;
        match byte {
            b'<' if self.dialect.types && self.peek(0) != b'=' => {
                self.open_angle();
                if self.peek(0) == b'<' {
                    self.at += 1;
                    self.open_angle();
                    self.count_run();
                }
            }
            b'<' if self.peek(0) == b'<' => self.at += 1,
            b'>' if self.top_ref().open == b'A' && self.top_ref().angles == 0 => {
                self.pop();
                self.punctuator = b'>';
                return;
            }
            b'>' if self.dialect.types => {
                if self.top_ref().angles > 0 {
                    self.top_mut().angles -= 1;
                    self.stack -= TOKEN_BYTES;
                }
                self.before = Before::Unclear;
            }
            b'=' => self.equals(was),
            b'+' | b'-' if self.peek(0) == byte => {
                self.at += 1;
                self.before = if was == Before::Operator { was } else { Before::Unclear };
            }
            b'!' if self.dialect.types && was != Before::Operator => self.before = Before::Unclear,
            b'&' | b'|' | b'?' if self.peek(0) == byte => {
                self.at += 1;
                self.end_type_arguments();
            }
            b'*' | b'%' | b'^' => self.end_type_arguments(),
            b':' => self.top_mut().has_colon = true,
            _ => {}
        }
        self.count_run();
        self.end_token(byte);
    }

    fn open_angle(&mut self) {
        self.top_mut().angles += 1;
        self.add_stack(TOKEN_BYTES);
    }

    fn equals(&mut self, was: Before) {
        match self.peek(0) {
            b'>' => {
                self.at += 1;
                // What an arrow's parentheses hold was parsed to find out that it is one.
                self.work = self.work.saturating_add(self.depth() as u64);
            }
            b'=' => {
                self.at += 1;
                self.end_type_arguments();
            }
            _ => {
                let level = self.top_mut();
                let first = level.items == 1 || level.has_colon;
                if level.pattern && first && was != Before::Operator && !level.has_default {
                    level.has_default = true;
                    self.defaults += 1;
                }
            }
        }
    }

    fn semicolon(&mut self) {
        self.at += 1;
        if self.levels.len() == 1 {
            self.clause = Clause::Other;
        }
        self.end_type_arguments();
        self.reset_run();
        self.top_mut().ended = true;
        self.top_mut().items = 0;
        self.top_mut().has_colon = false;
        self.before = Before::Operator;
        self.end_token(b';');
        self.top_mut().items = 0;
    }

    fn comma(&mut self) {
        self.at += 1;
        if self.levels.len() == 2 && self.top_ref().open == b'{' {
            self.count_name();
        }
        if self.top_ref().angles == 0 {
            self.reset_run();
        }
        self.before = Before::Operator;
        self.end_token(b',');
        self.top_mut().items = 0;
        self.top_mut().has_colon = false;
    }

    fn open(&mut self, bracket: u8) {
        self.count_token();
        if self.before != Before::Operator {
            self.count_run();
        }
        let after = match (bracket, self.word) {
            (b'(', Some(Word::Control)) => Before::Operator,
            (b'(', Some(Word::Escaped)) | (b'{', _) => Before::Unclear,
            _ => Before::Operand,
        };
        let pattern = match bracket {
            b'(' => self.before != Before::Operand,
            _ => self.top().pattern && matches!(self.punctuator, b'(' | b'[' | b'{' | b',' | b':'),
        };
        self.end_token(bracket);
        self.push(bracket, after, pattern);
    }

    fn push(&mut self, open: u8, after: Before, pattern: bool) {
        let outer = self.top();
        let repeats = outer.repeats.saturating_mul(1 + u64::from(outer.angles));
        self.levels.push(Level {
            open,
            after,
            pattern,
            has_default: false,
            has_colon: false,
            items: 0,
            ended: false,
            run: 0,
            chain: 0,
            angles: 0,
            repeats,
        });
        self.before = Before::Operator;
        self.word = None;
        self.punctuator = open;
        self.add_stack(LEVEL_BYTES);
    }

    fn close(&mut self, bracket: u8) -> Step {
        let level = self.top();
        let matches = match bracket {
            b')' => level.open == b'(',
            b']' => level.open == b'[',
            _ => matches!(level.open, b'{' | b'$'),
        };
        if !matches {
            return Step::Dead;
        }
        self.at += 1;
        self.pop();
        if level.open == b'$' {
            return self.template();
        }
        self.word = None;
        self.newline = false;
        self.punctuator = bracket;
        self.before = level.after;
        Step::Next
    }

    fn pop(&mut self) {
        if let Some(level) = self.levels.pop() {
            self.stack -= LEVEL_BYTES + TOKEN_BYTES * level.tokens();
            self.defaults -= u64::from(level.has_default);
        }
    }

    /// Reads on until there is something to decide: a second reading, the end, or a cost above the limits.
    pub(super) fn run(&mut self, limits: &Limits, parted: &mut Vec<Self>) -> Step {
        loop {
            let step = self.step(parted);
            if step != Step::Next || !parted.is_empty() || self.exceeds(limits) {
                return step;
            }
        }
    }

    pub(super) fn exceeds(&self, limits: &Limits) -> bool {
        self.depth() > limits.nesting
            || self.work > limits.work
            || self.stack_max > limits.stack
            || self.name_pairs() > limits.name_pairs
    }

    /// The parser looks for every exported name among the imported ones, one by one.
    pub(super) fn name_pairs(&self) -> u64 {
        self.imports.saturating_mul(self.exports)
    }

    fn top_ref(&self) -> &Level {
        &self.levels[self.levels.len() - 1]
    }

    fn top(&self) -> Level {
        self.levels[self.levels.len() - 1]
    }

    fn top_mut(&mut self) -> &mut Level {
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.source.get(self.at + ahead).copied().unwrap_or(0)
    }
}

impl Level {
    fn tokens(&self) -> u64 {
        u64::from(self.run) + u64::from(self.chain) + u64::from(self.angles)
    }
}
