//! What a source imports: its import statements wherever they stand, and calls that name a module by a literal.
//!
//! Start at [`scan`]. Invariant: it never fails on odd sources; what it cannot make out is no import. What it keeps is
//! bounded by the size of the source and the number of names that the caller allows.

use std::collections::VecDeque;

use crate::encoding::Encoding;
use crate::lexer::{Kind, Lexer, Token};

/// What a source imports.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    pub imports: Vec<Import>,
    /// The literals of `__all__`: what `import *` takes of a package besides what it defines.
    pub exports: Vec<String>,
}

/// One module that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// The line, from 1.
    pub line: u32,
    pub what: What,
}

/// How a module is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// `import a.b`
    Module(String),
    /// `from ..a.b import c, d`: dots, module (which may be empty), names. `*` is a name.
    From { level: usize, module: String, names: Vec<String> },
    /// `importlib.import_module("a.b", "package")`, `__import__("a.b")`; the name can begin with dots.
    Call { name: String, package: Option<String> },
}

/// The source asks for more than the caller allows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooManyNames;

/// Finds what a source imports, in its order; at most `names_max` names.
pub(crate) fn scan(source: &[u8], names_max: usize) -> Result<Scan, TooManyNames> {
    let mut scanner = Scanner {
        source,
        encoding: Encoding::of(source),
        lexer: Lexer::new(source),
        ahead: VecDeque::new(),
        found: Scan::default(),
        names_left: names_max,
    };
    scanner.statements()?;
    Ok(scanner.found)
}

struct Scanner<'a> {
    source: &'a [u8],
    encoding: Encoding,
    lexer: Lexer<'a>,
    ahead: VecDeque<Token>,
    found: Scan,
    names_left: usize,
}

impl Scanner<'_> {
    fn statements(&mut self) -> Result<(), TooManyNames> {
        // Statements begin behind the ends of lines, semicolons, and the colons of blocks.
        let mut is_start = true;
        let mut is_exports = false;
        loop {
            let token = self.next();
            let begins = std::mem::replace(&mut is_start, false);
            match token.kind {
                Kind::End => return Ok(()),
                Kind::Newline => (is_start, is_exports) = (true, false),
                Kind::Op(b';') if !token.is_nested => (is_start, is_exports) = (true, false),
                Kind::Op(b':') if !token.is_nested => is_start = true,
                Kind::Name => match self.bytes(token) {
                    b"import" if begins => self.import(token.line)?,
                    b"from" if begins => self.import_from(token.line)?,
                    b"__import__" | b"import_module" => self.call(token.line)?,
                    b"__all__" if begins => is_exports = true,
                    _ => {}
                },
                Kind::Text { .. } if is_exports => {
                    if let Some(name) = self.text(token).filter(|name| is_identifier(name)) {
                        self.count(1)?;
                        self.found.exports.push(name);
                    }
                }
                _ => {}
            }
        }
    }

    /// `import a.b as c, d`, behind its keyword.
    fn import(&mut self, line: u32) -> Result<(), TooManyNames> {
        loop {
            let Some(module) = self.dotted_name() else { return Ok(()) };
            if !module.is_empty() {
                self.push(line, What::Module(module), 1)?;
            }
            self.alias();
            if !self.take(b',') {
                return Ok(());
            }
        }
    }

    /// `from ..a import (b as c, d)`, behind its keyword.
    fn import_from(&mut self, line: u32) -> Result<(), TooManyNames> {
        let mut level = 0;
        while self.take(b'.') {
            level += 1;
        }
        let module = match self.dotted_name() {
            Some(module) if !module.is_empty() => module,
            None if level > 0 => String::new(),
            _ => return Ok(()),
        };
        if !self.take_name(b"import") {
            return Ok(());
        }
        let mut names = Vec::new();
        if self.take(b'*') {
            names.push("*".to_owned());
        } else {
            self.take(b'(');
            while let Some(token) = self.peek_name() {
                self.next();
                self.count(1)?;
                names.extend(self.encoding.decode(self.bytes(token)));
                self.alias();
                if !self.take(b',') {
                    break;
                }
            }
        }
        self.push(line, What::From { level, module, names }, 1)
    }

    /// `("a.b", package="c")` behind the name of a function that imports; nothing is taken of it.
    fn call(&mut self, line: u32) -> Result<(), TooManyNames> {
        if self.peek(0).kind != Kind::Op(b'(') {
            return Ok(());
        }
        let first = self.argument(1, b"name");
        let value = self.peek(first);
        let Some(name) = self.text(value) else { return Ok(()) };
        let package = match self.peek(first + 1).kind {
            Kind::Op(b')') => None,
            Kind::Op(b',') => {
                let second = self.argument(first + 2, b"package");
                let value = self.peek(second);
                self.text(value)
            }
            _ => return Ok(()),
        };
        self.push(line, What::Call { name, package }, 1)
    }

    /// Where the value of an argument is that may be named.
    fn argument(&mut self, at: usize, keyword: &[u8]) -> usize {
        let token = self.peek(at);
        let is_named = token.kind == Kind::Name
            && self.bytes(token) == keyword
            && self.peek(at + 1).kind == Kind::Op(b'=');
        if is_named { at + 2 } else { at }
    }

    /// A name with dots; empty if it cannot be decoded.
    fn dotted_name(&mut self) -> Option<String> {
        if self.peek_name().is_none_or(|token| self.bytes(token) == b"import") {
            return None;
        }
        let mut name = String::new();
        let mut is_known = true;
        while let Some(token) = self.peek_name() {
            self.next();
            match self.encoding.decode(self.bytes(token)) {
                Some(part) => name.push_str(&part),
                None => is_known = false,
            }
            if !self.take(b'.') {
                break;
            }
            name.push('.');
        }
        Some(if is_known { name } else { String::new() })
    }

    fn alias(&mut self) {
        if self.take_name(b"as") && self.peek_name().is_some() {
            self.next();
        }
    }

    fn push(&mut self, line: u32, what: What, names: usize) -> Result<(), TooManyNames> {
        self.count(names)?;
        self.found.imports.push(Import { line, what });
        Ok(())
    }

    fn count(&mut self, names: usize) -> Result<(), TooManyNames> {
        self.names_left = self.names_left.checked_sub(names).ok_or(TooManyNames)?;
        Ok(())
    }

    /// A literal without escapes.
    fn text(&self, token: Token) -> Option<String> {
        let Kind::Text { content: (start, end), is_raw } = token.kind else { return None };
        let bytes = &self.source[start..end];
        let is_plain = is_raw || !bytes.contains(&b'\\');
        if is_plain { self.encoding.decode(bytes) } else { None }
    }

    fn bytes(&self, token: Token) -> &[u8] {
        &self.source[token.start..token.end]
    }

    fn next(&mut self) -> Token {
        self.ahead.pop_front().unwrap_or_else(|| self.lexer.next())
    }

    fn peek(&mut self, ahead: usize) -> Token {
        loop {
            if let Some(&token) = self.ahead.get(ahead) {
                return token;
            }
            let token = self.lexer.next();
            self.ahead.push_back(token);
        }
    }

    fn peek_name(&mut self) -> Option<Token> {
        Some(self.peek(0)).filter(|token| token.kind == Kind::Name)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek(0).kind == Kind::Op(byte);
        if is_next {
            self.next();
        }
        is_next
    }

    fn take_name(&mut self, name: &[u8]) -> bool {
        let is_next = self.peek_name().is_some_and(|token| self.bytes(token) == name);
        if is_next {
            self.next();
        }
        is_next
    }
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c == '_' || c.is_alphanumeric())
}

#[cfg(test)]
mod tests;
