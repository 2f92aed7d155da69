//! `graph`: which map is made of what.

mod dot;
mod parts;
mod tree;

use trilayer::Registry;

use crate::args::{Graph, GraphFormat};
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;
use parts::Parts;

pub(super) fn run(session: &Session, asked: &Graph) -> Result<(), Failure> {
    let registry = Registry::linked()?;
    let config = session.config(&registry)?;
    config.check(&registry)?;
    let parts = Parts::of(&config, &registry);
    let mut output = Output::new();
    match (session.global.json, asked.format) {
        (true, _) => output.json(&parts)?,
        (false, GraphFormat::Text) => output.text(&tree::draw(&parts))?,
        (false, GraphFormat::Dot) => output.text(&dot::draw(&parts))?,
    }
    output.flush()
}
