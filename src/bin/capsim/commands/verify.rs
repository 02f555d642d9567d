//! `capsim verify`: validates the simulator against closed-form results.

use crate::args::Verify;
use crate::exit::Exit;
use crate::output::Target;
use crate::progress::Progress;
use crate::work::{self, fail, failed};
use capsim::experiment::verify::{self, Selection};
use capsim::report::{Form, Report};

pub fn verify(args: &Verify) -> Exit {
    let selection = Selection { quick: args.quick, law: args.law.clone(), seed: args.seed };
    if let Some(name) = &args.law {
        let laws: Vec<String> = verify::laws().into_iter().map(|law| law.law).collect();
        if name.is_empty() || !laws.iter().any(|law| law.starts_with(name.as_str())) {
            let near = capsim::model::did_you_mean(name, &laws);
            let cure = if near.is_empty() { "`capsim verify --quick` lists them all" } else { &near };
            return fail(&format!("no law is called {name:?}: {cure}"), Exit::Usage);
        }
    }
    let forms = [Form::Text, Form::Json, Form::Csv, Form::Markdown, Form::Html];
    let out = match Target::out(args.out.as_deref(), args.format.into(), &forms) {
        Ok(out) => out,
        Err(exit) => return exit,
    };
    let progress = Progress::new(args.quiet);
    let verified = verify::run(&selection, &work::options(args.jobs), &|done, of| progress.show(done, of));
    progress.clear();
    let verified = match verified {
        Ok(verified) => verified,
        Err(failure) => return failed(failure),
    };
    if verified.findings.iter().all(|finding| finding.interval.is_none()) && !verified.whole {
        return work::nothing_done();
    }
    let delivered = work::deliver(Report::Verification(&verified), args.format.into(), out);
    match delivered {
        _ if !verified.whole => work::partial(),
        Exit::Done if !verified.all_hold() => Exit::Internal,
        other => other,
    }
}
