//! Numbers from numbers: the bootstrap, areas under curves, and the plain classifiers that baselines use.

pub mod answer;
pub mod bootstrap;
pub mod intraclass;
pub mod logistic;
pub mod neighbours;
pub mod roc;
pub mod standard;
