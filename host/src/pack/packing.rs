//! From quantized layers to an artifact: learns on training pictures, chooses on validation pictures, measures on test pictures.

pub mod card;
pub mod comparison;

use std::path::Path;

use blastscope_files::Printable as _;
use rayon::prelude::*;

use crate::{
    Error,
    data::{
        dataset::{Dataset, LabelledImage, sha256_from_hex},
        split::{Item, Part, Split, SplitKind},
    },
    measure::unfamiliar::{Familiar, Unfamiliar},
    pack::{delivery::delivered, quantization::QuantizedLayers},
    statistics::bootstrap::Bootstrap,
    support::{output, progress::Progress},
    training::{plan::TrainingPlan, run_folder::RunConfig},
};
use blastscope_shared::{
    Class, Classifier, Observation, Rate,
    artifact::{
        Artifact, ArtifactError, Juror, Measurement, ModelCard, NoveltyBytes, PICTURE_ID_LEN, Pictures, Pooling,
        Provenance, STATEMENT,
    },
    field::{
        appearance::Appearance,
        detail::Detail,
        normal::{self, Normal},
    },
    judge::{
        Assessment, Thresholds,
        calibration::Calibration,
        jury::Voice,
        novelty::{Distances, Known, NoveltyStatistics, Optics},
        operating_point::{OperatingPoint, Scored, usual_distances},
        slide::SlidePooling,
    },
};

/// An artifact under construction.
pub struct Model<'a> {
    /// Its card; preliminary until everything is measured.
    pub card: ModelCard,
    /// How the fields of a slide are pooled; [`SlidePooling::UNMEASURED`] until it is set.
    pub slide: SlidePooling,
    layers: &'a QuantizedLayers,
    config: &'a RunConfig,
    point: OperatingPoint,
    statistics: NoveltyStatistics,
    novelty: NoveltyBytes,
    provenance: Provenance,
}

impl<'a> Model<'a> {
    /// A model that still lacks novelty statistics and operating point.
    ///
    /// # Errors
    /// When the layers do not form a network.
    pub fn new(
        config: &'a RunConfig,
        data: &Dataset,
        split: &Split,
        layers: &'a QuantizedLayers,
    ) -> Result<Self, Error> {
        let hash = |text: &str| {
            sha256_from_hex(text).ok_or_else(|| Error::Usage(format!("run.json holds an invalid SHA-256: {text}")))
        };
        let configuration = serde_json::to_string(&Published {
            plan: TrainingPlan { weights: None, ..config.plan.clone() },
            hardware: &config.hardware,
        })
        .map_err(|error| Error::Usage(format!("the configuration cannot be written: {error}")))?;
        // Knows nothing, so nothing is novel.
        let network_hidden = hidden_len(layers, config)?;
        let statistics = NoveltyStatistics {
            means: Class::ALL.map(|_| vec![0.0; network_hidden]),
            inverse_variances: vec![0.0; network_hidden],
            stains: vec![Normal::EVERYTHING],
            sittings: Vec::new(),
            textures: vec![Normal::EVERYTHING],
            usual: Distances::ONE,
        };
        let pending = || "measured after packing".to_owned();
        Ok(Self {
            card: ModelCard {
                name: config.plan.arch.name().into(),
                statement: STATEMENT.into(),
                drawn: config.drawn,
                intended_use: pending(),
                data: pending(),
                training: pending(),
                results: Vec::new(),
                limits: pending(),
            },
            slide: SlidePooling::UNMEASURED,
            layers,
            config,
            point: OperatingPoint {
                calibration: Calibration::NONE,
                thresholds: Thresholds { min_probability: 0.0, min_subtype: 0.5, max_novelty: f32::MAX },
            },
            novelty: NoveltyBytes::new(&statistics),
            statistics,
            provenance: Provenance {
                manifest_hash: hash(&config.manifest_hash)?,
                split_hash: hash(&config.split_hash)?,
                code_version: env!("CARGO_PKG_VERSION").into(),
                configuration,
                pictures: pictures(data, split),
            },
        })
    }

    /// The artifact so far.
    #[must_use]
    pub fn artifact(&self) -> Artifact<'_> {
        Artifact {
            card: self.card.clone(),
            classes: Class::ALL.map(Class::name),
            jurors: vec![Juror {
                sight: self.config.sight,
                layers: self.layers.layers(),
                calibration: self.point.calibration,
                novelty: self.novelty.view(),
                voice: Voice::FULL,
            }],
            pooling: Pooling::ALONE,
            thresholds: self.point.thresholds,
            slide: self.slide,
            provenance: self.provenance.clone(),
        }
    }

    /// The classifier so far.
    fn classifier(&self) -> Result<Classifier, Error> {
        let unusable = |error: ArtifactError| {
            Error::Usage(format!("the quantized network {error}; train it longer or with a lower learning rate"))
        };
        Classifier::new(self.artifact()).map_err(unusable)
    }

    /// Learns what usual fields look like: to the last layer, and in stain, light and detail.
    ///
    /// # Errors
    /// When `items` lacks a class, or has fewer fields than a stain is learned from.
    pub fn learn_novelty(&mut self, data: &Dataset, inputs: &[Vec<u8>], items: &[Item]) -> Result<(), Error> {
        let classifier = self.classifier()?;
        let task = Progress::Shown.start("learning familiar fields", items.len());
        let seen: Vec<(&LabelledImage, Vec<u8>, Appearance)> = items
            .par_iter()
            .map_init(
                || classifier.workspace(),
                |workspace, item| {
                    task.advance(1);
                    let seen = classifier.observe(0, &inputs[item.image], workspace).observed()?;
                    Some((&data.images[item.image], seen.hidden.to_vec(), seen.appearance))
                },
            )
            .flatten()
            .collect();
        drop(task);
        let known: Vec<Known<'_>> = seen
            .iter()
            .map(|(image, hidden, appearance)| Known {
                class: image.class,
                activations: hidden,
                appearance: *appearance,
                sitting: image.session.as_deref(),
            })
            .collect();
        let fields: Vec<&[u8]> = items.iter().map(|item| inputs[item.image].as_slice()).collect();
        let delivered: Vec<Detail> = self.as_delivered(&fields).iter().map(|field| field.detail).collect();
        let statistics = NoveltyStatistics::learn(&known, &delivered).ok_or_else(|| {
            Error::Usage(format!(
                "the training part lacks a class or has fewer than {} fields with something to see; train on all four classes, \
                 and give quantize more with --familiar",
                normal::FEWEST_FIELDS
            ))
        })?;
        self.know(statistics);
        Ok(())
    }

    /// What is measured of the fields as another camera delivers them.
    fn as_delivered(&self, fields: &[&[u8]]) -> Vec<Appearance> {
        let sight = self.config.sight;
        let task = Progress::Shown.start("fields as another camera delivers them", fields.len());
        fields
            .par_iter()
            .enumerate()
            .map_init(
                || sight.eye(0),
                |eye, (at, field)| {
                    task.advance(1);
                    sight.appearance(&delivered(field, &sight.framing, at as u64), eye).observed()
                },
            )
            .flatten()
            .collect()
    }

    fn know(&mut self, statistics: NoveltyStatistics) {
        self.novelty = NoveltyBytes::new(&statistics);
        self.statistics = statistics;
    }

    /// Measures the model on all pictures below `folder`, which it should not be sure about: how well the novelty score tells them
    /// from `familiar` ones, and how many pass the gate, are assigned a class, and are assigned one with a probability above 0.9.
    ///
    /// # Errors
    /// When the folder holds no readable picture.
    pub fn measure_unfamiliar(&self, folder: &Path, familiar: &[Familiar]) -> Result<Vec<Measurement>, Error> {
        let classifier = self.classifier()?;
        let found = Unfamiliar::measure(&classifier, folder, familiar, Bootstrap::default(), Progress::Shown)?;
        let part = format!("{}: pictures unlike the training's", found.folder);
        let area = found.area.map(|area| Measurement {
            what: "more novel than a familiar field (ROC area)".into(),
            part: part.clone(),
            value: area.value as f32,
            low: area.low as f32,
            high: area.high as f32,
            count: found.pictures as u32,
        });
        if area.is_none() {
            let why = found.not_measured();
            output::note(format_args!("warning: {}: the ROC area of the novelty is {why}", folder.printable()));
        }
        let passed = Rate::new(found.stopped.of - found.stopped.hits, found.stopped.of);
        let measurement = |what: &str, rate: &Rate| rate.measurement(what, &part);
        let rates = [
            measurement("flagged as unfamiliar", &found.flagged),
            measurement("let pass by the quality gate", &passed),
            measurement("given a verdict all the same", &found.named),
            measurement("given a verdict with a probability above 0.9", &found.sure),
        ];
        Ok(area.into_iter().chain(rates).collect())
    }

    /// Chooses the usual distances, calibration and thresholds on `items`.
    ///
    /// # Errors
    /// When nothing is seen in any of them.
    pub fn choose_operating_point(&mut self, data: &Dataset, inputs: &[Vec<u8>], items: &[Item]) -> Result<(), Error> {
        let classifier = self.classifier()?;
        let examples = crate::recipe::batches::examples(data, inputs, items);
        let inputs: Vec<Vec<u8>> = examples.iter().map(|example| example.masked_input(classifier.framing())).collect();
        let task = Progress::Shown.start("choosing thresholds", items.len());
        let seen: Vec<Observation<([f32; Class::COUNT], Distances)>> = inputs
            .par_iter()
            .map_init(
                || classifier.workspace(),
                |workspace, input| {
                    task.advance(1);
                    let seen = classifier.observe(0, input, workspace);
                    seen.map(|seen| (seen.logits, self.statistics.distances(seen.hidden, &seen.appearance)))
                },
            )
            .collect();
        drop(task);
        let distances: Vec<Distances> =
            seen.iter().filter_map(|seen| seen.observed()).map(|(_, distances)| distances).collect();
        let mut statistics = self.statistics.clone();
        let fields: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        let optics: Vec<Optics> = self.as_delivered(&fields).iter().map(|field| statistics.optics(field)).collect();
        statistics.usual = usual_distances(&distances, &optics);
        let scored: Vec<Scored> = seen
            .iter()
            .zip(items)
            .filter_map(|(seen, item)| {
                let (logits, distances) = seen.observed()?;
                Scored::new(data.images[item.image].class, logits, statistics.score(&distances)).observed()
            })
            .collect();
        self.know(statistics);
        self.point = OperatingPoint::choose(&scored).ok_or_else(|| {
            Error::Usage(
                "the validation part has no field with something to see; there is nothing to choose thresholds on"
                    .into(),
            )
        })?;
        let unseen = items.len() - scored.len();
        if unseen > 0 {
            output::note(format_args!(
                "nothing was seen in {unseen} of {} validation fields; calibration and thresholds were chosen on the others",
                items.len()
            ));
        }
        Ok(())
    }
}

/// Assessments of the int8 network for a split's items, in order; without the gate.
#[must_use]
pub fn run_int8(
    classifier: &Classifier,
    data: &Dataset,
    inputs: &[Vec<u8>],
    items: &[Item],
    what: &str,
) -> Vec<Assessment> {
    let examples = crate::recipe::batches::examples(data, inputs, items);
    let task = Progress::Shown.start(what, items.len());
    examples
        .par_iter()
        .map_init(
            || classifier.workspace(),
            |workspace, example| {
                let assessment = classifier.assess_field(&example.masked_input(classifier.framing()), workspace);
                task.advance(1);
                assessment
            },
        )
        .collect()
}

/// Content ids of the pictures of each part.
fn pictures(data: &Dataset, split: &Split) -> Pictures {
    let list = |part| {
        let mut ids: Vec<&[u8]> =
            split.items(part).map(|item| &data.images[item.image].sha256[..PICTURE_ID_LEN]).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.concat()
    };
    let test = list(Part::Test);
    // The paper's split has no separate validation part: its items are the test part's.
    let validation = if split.kind == SplitKind::Paper { Vec::new() } else { list(Part::Validation) };
    Pictures { train: list(Part::Train), validation, test }
}

fn hidden_len(layers: &QuantizedLayers, config: &RunConfig) -> Result<usize, Error> {
    blastscope_shared::Network::new(config.sight.shape(), &layers.layers()).map(|network| network.hidden_len()).map_err(
        |error| {
            let error = ArtifactError::from(error);
            Error::Usage(format!("the quantized network {error}; train it longer or with a lower learning rate"))
        },
    )
}

/// A run's plan without local paths, and the machine.
#[derive(serde::Serialize)]
struct Published<'a> {
    #[serde(flatten)]
    plan: TrainingPlan,
    hardware: &'a str,
}
