//! The cells of a field and their positions, before any optics.

use blastscope_shared::Class;

use super::{
    cell::{Cell, Kind},
    conditions::Conditions,
    dice::{Dice, Stream, mixed_seed},
    morphology::{Count, Morphology},
    red_cell::{Platelet, RedCell, Speck},
};

/// Width and height of a field, µm.
pub const FIELD_UM: [f32; 2] = [102.4, 76.8];

/// Everything in a field.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Nucleated and smudged cells.
    pub cells: Vec<Cell>,
    pub(super) red_cells: Vec<RedCell>,
    pub(super) platelets: Vec<Platelet>,
    pub(super) specks: Vec<Speck>,
}

impl Scene {
    /// The scene of a field of `class` under `seed`; the number of red cells, platelets and grains comes from `conditions`.
    #[must_use]
    pub fn new(class: Class, seed: u64, conditions: &Conditions) -> Self {
        let cells = nucleated_cells(class, seed, conditions);
        let dice = &mut Dice::new(seed, Stream::Background);
        let red_cells = red_cells(dice, conditions, &cells);
        let platelets = (0..conditions.platelets)
            .map(|_| {
                let place_um = anywhere(dice, 2.0);
                Platelet::drawn(dice, place_um)
            })
            .collect();
        let grains = conditions.precipitate;
        let specks = (0..grains + conditions.dust)
            .map(|at| {
                let place_um = anywhere(dice, 1.0);
                if at < grains { Speck::drawn(dice, place_um) } else { Speck::dust(dice, place_um) }
            })
            .collect();
        Self { cells, red_cells, platelets, specks }
    }

    /// Number of red cells, including those cut by the edge.
    #[must_use]
    pub fn red_cell_count(&self) -> usize {
        self.red_cells.len()
    }
}

/// A random place with its centre at most `beyond` µm outside the field.
fn anywhere(dice: &mut Dice, beyond: f32) -> [f32; 2] {
    FIELD_UM.map(|length| dice.between(-beyond, length + beyond))
}

fn nucleated_cells(class: Class, seed: u64, conditions: &Conditions) -> Vec<Cell> {
    let dice = &mut Dice::new(mixed_seed(seed, class as u64, 0), Stream::Cells);
    let morphology = Morphology::of(class);
    let mut cells: Vec<Cell> = Vec::new();
    let mut add = |dice: &mut Dice, kind: Kind, (low, high): Count, clustering: f32| {
        for _ in 0..dice.count(low, high) {
            let mut cell = Cell::drawn(dice, kind, morphology);
            if let Some(place) = free_place(dice, &cells, cell.diameter_um / 2.0, clustering) {
                cell.place_um = place;
                cells.push(cell);
            }
        }
    };
    add(dice, Kind::OfClass, morphology.cells, morphology.clustering);
    add(dice, Kind::Lymphocyte, morphology.lymphocytes, 0.1);
    add(dice, Kind::Neutrophil, morphology.neutrophils, 0.1);
    add(dice, Kind::Erythroblast, morphology.erythroblasts, 0.1);
    add(dice, Kind::Smudge, (conditions.smudges, conditions.smudges), 0.0);
    cells
}

/// A place where a cell overlaps no other, but touches one with probability `clustering`.
fn free_place(dice: &mut Dice, cells: &[Cell], radius: f32, clustering: f32) -> Option<[f32; 2]> {
    let cluster = dice.chance(clustering) && !cells.is_empty();
    for attempt in 0..60 {
        let place = if cluster && attempt < 30 {
            let neighbour = &cells[dice.count(0, cells.len() - 1)];
            let distance = (radius + neighbour.diameter_um / 2.0) * dice.between(1.0, 1.08);
            let [x, y] = dice.direction();
            [neighbour.place_um[0] + x * distance, neighbour.place_um[1] + y * distance]
        } else {
            anywhere(dice, radius * 0.5)
        };
        let in_field = (0..2).all(|axis| place[axis] > -radius * 0.6 && place[axis] < FIELD_UM[axis] + radius * 0.6);
        let free = cells.iter().all(|other| distance(place, other.place_um) >= radius + other.diameter_um / 2.0);
        if in_field && free {
            return Some(place);
        }
    }
    None
}

fn red_cells(dice: &mut Dice, conditions: &Conditions, cells: &[Cell]) -> Vec<RedCell> {
    let mut red_cells: Vec<RedCell> = Vec::with_capacity(conditions.red_cells);
    for _ in 0..conditions.red_cells {
        let cell = RedCell::drawn(dice, conditions);
        let stacked = dice.chance(conditions.stacking) && !red_cells.is_empty();
        for _ in 0..12 {
            let place = if stacked {
                // Prefer the newest cells, which makes chains rather than heaps.
                let back = dice.count(0, 5).min(red_cells.len() - 1);
                let neighbour = &red_cells[red_cells.len() - 1 - back];
                let distance = (cell.radius_um + neighbour.radius_um) * dice.between(0.62, 1.0);
                let [x, y] = dice.direction();
                [neighbour.place_um[0] + x * distance, neighbour.place_um[1] + y * distance]
            } else {
                anywhere(dice, 3.0)
            };
            let clear_of_cells =
                cells.iter().all(|other| distance(place, other.place_um) > other.diameter_um * 0.46 + cell.radius_um);
            let least = if stacked { 0.55 } else { 0.9 };
            let clear_of_red = red_cells
                .iter()
                .all(|other| distance(place, other.place_um) > (other.radius_um + cell.radius_um) * least);
            let in_field = (0..2).all(|axis| place[axis] > -4.0 && place[axis] < FIELD_UM[axis] + 4.0);
            if clear_of_cells && clear_of_red && in_field {
                red_cells.push(RedCell { place_um: place, ..cell });
                break;
            }
        }
    }
    red_cells
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    let [x, y] = [a[0] - b[0], a[1] - b[1]];
    (x * x + y * y).sqrt()
}
