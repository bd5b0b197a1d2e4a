//! Whether what was typed at a prompt is a whole cell.
//!
//! Start at [`is_incomplete`].

use crate::lexer::{Kind, Lexer, Token};

/// Words that begin a statement with a block, or a part of one.
const BLOCKS: [&[u8]; 12] = [
    b"if", b"for", b"while", b"try", b"with", b"def", b"class", b"async", b"else", b"elif", b"except",
    b"finally",
];

/// Tells whether a cell wants more lines: an open bracket or string, a line that is joined to the next one, a block that
/// no empty line has ended, a decorator.
///
/// The lines are joined without a newline behind the last one; so a cell that ends in one is a cell whose last line is empty.
///
/// ```
/// # use b8g_frontend_py::is_incomplete;
/// assert!(is_incomplete("for x in y:") && is_incomplete("for x in y:\n    f(x)"));
/// assert!(!is_incomplete("for x in y:\n    f(x)\n") && !is_incomplete("for x in y:\n    f(x)\nx"));
/// assert!(is_incomplete("f(") && is_incomplete("'''a") && is_incomplete("x = \\") && is_incomplete("@f"));
/// assert!(!is_incomplete("x = 1") && !is_incomplete("'a") && !is_incomplete("f(]") && !is_incomplete(""));
/// ```
pub fn is_incomplete(source: &str) -> bool {
    let bytes = source.as_bytes();
    let mut lexer = Lexer::new(bytes);
    let mut lines = Lines::default();
    loop {
        let token = lexer.next();
        match token.kind {
            Kind::End => break,
            Kind::Newline => lines.end(),
            _ => lines.add(token, bytes),
        }
    }
    let state = lexer.state();
    if state.is_broken {
        return false;
    }
    lines.end();
    let last_line = source.rsplit(['\n', '\r']).next().unwrap_or_default();
    let is_ended = !last_line.len().eq(&source.len()) && last_line.trim().is_empty();
    state.is_open || state.is_joined || lines.wants_block() || lines.is_in_block && !is_ended
}

/// The last logical line, and whether it belongs to a block.
#[derive(Default)]
struct Lines {
    first: Option<Line>,
    last: Option<Line>,
    is_in_block: bool,
    ends_in_colon: bool,
}

#[derive(Clone, Copy)]
struct Line {
    is_indented: bool,
    is_decorator: bool,
    is_block: bool,
    is_header: bool,
}

impl Lines {
    fn add(&mut self, token: Token, bytes: &[u8]) {
        self.ends_in_colon = token.kind == Kind::Op(b':') && !token.is_nested;
        if self.first.is_some() {
            return;
        }
        let text = &bytes[token.start..token.end];
        let before = token.start.checked_sub(1).and_then(|at| bytes.get(at));
        self.first = Some(Line {
            is_indented: matches!(before, Some(b' ' | b'\t')),
            is_decorator: token.kind == Kind::Op(b'@'),
            is_block: token.kind == Kind::Name && BLOCKS.contains(&text),
            is_header: token.kind == Kind::Name
                && (BLOCKS.contains(&text) || text == b"match" || text == b"case"),
        });
    }

    /// Ends a logical line; blank ones do not count.
    fn end(&mut self) {
        let Some(mut line) = self.first.take() else { return };
        line.is_header &= self.ends_in_colon;
        self.is_in_block = line.is_block || line.is_header || line.is_indented && self.is_in_block;
        self.last = Some(line);
    }

    /// What comes last needs a line below it.
    fn wants_block(&self) -> bool {
        self.last.is_some_and(|line| line.is_header || line.is_decorator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_interpreter_s_own_prompt_does() {
        for source in [
            "if x:",
            "if x: y",
            "if x:\n  y",
            "if x:\n\n",
            "@a",
            "@a\n",
            "x = \\",
            "'abc\\",
            "'''abc",
            "f(",
            "f'''{",
            "if x:\n  # c",
            "if x:\n  # c\n",
            "x = [\n1,\n",
            "if x:\n  '''\n\n",
            "if x:\n  y\nelse:",
            "async def f():",
            "match x:\n case 1:\n  y",
            "def f(): pass",
            "for x in y: pass\nelse: z",
            "x=1;\\",
            "if x: \\",
            "f'{a",
            "f'{(",
            "class A:\n\n  def f(self):\n\n    pass",
            "if x:\n  y\n\n  z",
            "f('''a\n)",
            "while x: # c",
            "{'a': {",
        ] {
            assert!(is_incomplete(source), "{source:?}");
        }
        for source in [
            "",
            "x=1",
            "if x: y\n",
            "if x:\n  y\n",
            "'abc",
            "'abc\\\n",
            "f(]",
            ")",
            "#c",
            "  ",
            "  x",
            "x \\\n ",
            "x = \\\n",
            "class A:\n  x=1\n\n",
            "def f(): pass\n",
            "lambda:",
            "x = lambda:",
            "if x:\n  y\nz",
            "match = 3",
            "x[1:2]",
            "match(x)",
            "f\"{a['b']}\"",
            "def f():\n  return x\n  ",
            "x = {\n}\n",
            "f'{a'",
            "import a",
            "x: int",
            "'''a'''",
            "def f():\r\n  return x\r\n",
            "\n",
            "a = 'b' # '''",
            "async_ = 1",
        ] {
            assert!(!is_incomplete(source), "{source:?}");
        }
    }
}
