//! `process.env.NODE_ENV` is `"production"` in what is built, as where programs are bundled.
//!
//! Packages ask for it to choose between two builds of themselves; where a program is built nothing is granted that could
//! answer. Start at [`settle`]. Invariant: what is written in its place is as long as it was, so that every position stays.

use oxc::ast::ast::{BindingIdentifier, Expression, Program};
use oxc::ast_visit::{VisitJs, walk_js};
use oxc::span::{GetSpan, Span};

const ASKED: &str = "process.env.NODE_ENV";
const ANSWER: &str = "\"production\"        ";
const _: () = assert!(ASKED.len() == ANSWER.len());

/// The source with the mode written into it; `None` if it does not ask, or means a `process` of its own.
pub(crate) fn settle(program: &Program, source: &str) -> Option<String> {
    if !source.contains(ASKED) {
        return None;
    }
    let mut finder = Finder { source, asked: Vec::new(), own_process: false };
    finder.visit_program(program);
    if finder.own_process || finder.asked.is_empty() {
        return None;
    }
    finder.asked.sort_unstable_by_key(|span| span.start);
    let mut settled = String::with_capacity(source.len());
    let mut copied = 0;
    for span in finder.asked {
        settled.push_str(&source[copied..span.start as usize]);
        settled.push_str(ANSWER);
        copied = span.end as usize;
    }
    settled.push_str(&source[copied..]);
    Some(settled)
}

struct Finder<'s> {
    source: &'s str,
    asked: Vec<Span>,
    own_process: bool,
}

impl<'a> VisitJs<'a> for Finder<'_> {
    fn visit_binding_identifier(&mut self, binding: &BindingIdentifier<'a>) {
        self.own_process |= binding.name == "process";
    }

    fn visit_expression(&mut self, expression: &Expression<'a>) {
        if let Expression::StaticMemberExpression(member) = expression
            && member.span.source_text(self.source) == ASKED
        {
            self.asked.push(expression.span());
            return;
        }
        walk_js::walk_expression(self, expression);
    }
}
