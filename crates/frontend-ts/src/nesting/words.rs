//! What a word means to the scanner: whether an operand may follow it, and whether it can nest statements.

/// The role of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// A name or a value: an operator follows.
    Plain,
    /// `if`, `while`, `for`, `with`: what follows their parentheses starts a statement.
    Control,
    /// `else`, `do`, `try`, ...: starts a statement.
    Statement,
    /// A word that only statements start with, and that ends any type arguments before it.
    Declaration,
    /// `return`, `typeof`, `new`, ...: an operand follows.
    Prefix,
    /// A word that is a name here and a keyword there: `await`, `of`, `keyof`, ...
    Contextual,
    /// A word with an escape in it, which may or may not be read as the keyword that it spells.
    Escaped,
}

impl Word {
    pub(super) fn of(word: &[u8]) -> Self {
        if !(2..=11).contains(&word.len()) {
            return Self::Plain;
        }
        match word {
            b"if" | b"while" | b"for" | b"with" => Self::Control,
            b"else" | b"do" | b"try" | b"finally" => Self::Statement,
            b"const" | b"var" | b"return" | b"function" | b"class" | b"throw" | b"switch" | b"export"
            | b"case" | b"default" | b"catch" | b"enum" => Self::Declaration,
            b"typeof" | b"instanceof" | b"in" | b"new" | b"delete" | b"void" | b"extends" => Self::Prefix,
            b"await" | b"yield" | b"of" | b"let" | b"static" | b"async" | b"get" | b"set" | b"type"
            | b"as" | b"is" | b"keyof" | b"infer" | b"readonly" | b"unique" | b"asserts" | b"abstract"
            | b"declare" | b"namespace" | b"module" | b"satisfies" | b"out" | b"accessor" | b"override"
            | b"public" | b"private" | b"protected" | b"implements" | b"interface" | b"using" | b"global"
            | b"import" | b"from" | b"require" | b"defer" | b"source" => Self::Contextual,
            _ => Self::Plain,
        }
    }
}
