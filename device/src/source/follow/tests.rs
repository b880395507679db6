//! A source that comes, goes and ends.

use super::*;

struct Scripted(Vec<Result<u64, SourceError>>);

impl FrameSource for Scripted {
    fn next_frame(&mut self, _: Duration) -> Result<Frame, SourceError> {
        let picture = blastscope_shared::RgbPixels::new(1, 1, vec![0; 3]).expect("three bytes");
        match if self.0.is_empty() { Err(SourceError::End) } else { self.0.remove(0) } {
            Ok(sequence) => Ok(Frame { picture, sequence, time: Duration::ZERO, name: None, original: None }),
            Err(error) => Err(error),
        }
    }

    fn dropped(&self) -> u64 {
        2
    }
}

fn lost() -> SourceError {
    SourceError::Lost("No such device".into())
}

#[test]
fn numbers_go_on_after_a_loss_and_an_end_is_final() {
    let mut times = 0;
    let open = OpenWith(|| {
        times += 1;
        let script = if times == 1 { vec![Ok(0), Ok(1), Err(lost())] } else { vec![Ok(0)] };
        Ok(Box::new(Scripted(script)) as Box<dyn FrameSource>)
    });
    let mut follower = Follower::new(open, Patience::CAMERA, Duration::ZERO);
    let turns: Vec<Turn> = (0..9).map(|_| follower.turn(Duration::ZERO)).collect();
    let sequences: Vec<u64> = turns.iter().filter_map(|turn| Some(turn.frame.as_ref()?.sequence)).collect();
    assert_eq!(sequences, [0, 1, 2]);
    let states: Vec<_> = turns.iter().filter_map(|turn| Some(turn.change.as_ref()?.state)).collect();
    use CameraState::{Ended, Lost, Streaming};
    assert_eq!(states, [Streaming, Lost, CameraState::Opening, Streaming, Ended]);
    assert_eq!(turns.iter().filter(|turn| turn.interrupted.is_some()).count(), 2, "lost, and at its end");
    assert_eq!(turns.iter().filter_map(|turn| turn.ended.clone()).collect::<Vec<_>>(), [SourceError::End]);
    assert_eq!((follower.trouble().losses, follower.trouble().dropped), (1, 4));
    assert!(!follower.is_open());
    drop(follower);
    assert_eq!(times, 2, "an ended source is not reopened");
}
