//! The commands, one module each: arguments and calls.

pub mod adapt;
pub mod audit;
pub mod card;
pub mod compare;
#[cfg(feature = "training")]
pub mod crossval;
#[cfg(feature = "training")]
pub mod doctor;
pub mod evaluate;
pub mod inspect;
pub mod jury;
pub mod keygen;
#[cfg(feature = "training")]
pub mod machine;
pub mod pictures;
#[cfg(feature = "training")]
pub mod quantize;
pub mod retrain;
pub mod sign;
pub mod stress;
pub mod synth;
#[cfg(feature = "training")]
pub mod throughput;
#[cfg(feature = "training")]
pub mod train;

use crate::Error;

/// Every command of this library.
#[expect(missing_docs, reason = "clap would take comments here for help texts")]
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Synth(synth::Synth),
    Audit(audit::Audit),
    #[cfg(feature = "training")]
    Train(train::Train),
    #[cfg(feature = "training")]
    Crossval(crossval::Crossval),
    Evaluate(evaluate::Evaluate),
    Compare(compare::Compare),
    Stress(stress::Stress),
    #[cfg(feature = "training")]
    Quantize(quantize::Quantize),
    Jury(jury::Jury),
    Adapt(adapt::Adapt),
    Retrain(retrain::Retrain),
    Card(card::Card),
    Inspect(inspect::Inspect),
    Keygen(keygen::Keygen),
    Sign(sign::Sign),
    #[cfg(feature = "training")]
    Doctor(doctor::Doctor),
    #[cfg(feature = "training")]
    Throughput(throughput::Throughput),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        match self {
            Self::Synth(synth) => synth.run(),
            Self::Audit(audit) => audit.run(),
            #[cfg(feature = "training")]
            Self::Train(train) => train.run(),
            #[cfg(feature = "training")]
            Self::Crossval(crossval) => crossval.run(),
            Self::Evaluate(evaluate) => evaluate.run(),
            Self::Compare(compare) => compare.run(),
            Self::Stress(stress) => stress.run(),
            #[cfg(feature = "training")]
            Self::Quantize(quantize) => quantize.run(),
            Self::Jury(jury) => jury.run(),
            Self::Adapt(adapt) => adapt.run(),
            Self::Retrain(retrain) => retrain.run(),
            Self::Card(card) => card.run(),
            Self::Inspect(inspect) => inspect.run(),
            Self::Keygen(keygen) => keygen.run(),
            Self::Sign(sign) => sign.run(),
            #[cfg(feature = "training")]
            Self::Doctor(doctor) => doctor.run(),
            #[cfg(feature = "training")]
            Self::Throughput(throughput) => throughput.run(),
        }
    }
}
