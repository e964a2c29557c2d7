package transport

import (
	"context"
	"time"
)

// A Waiting is told why something waits, and how long it still does: at once, now and
// then, and at the end, when that is 0. Nil is nobody.
type Waiting func(why string, left time.Duration)

// toldEvery is how often a wait is told of.
const toldEvery = 10 * time.Second

// Wait waits by sleep and has it told why, unless it takes less than a second. The
// error is that of sleep.
func (w Waiting) Wait(ctx context.Context, d time.Duration, why string, sleep func(context.Context, time.Duration) error) error {
	if w == nil || d < time.Second {
		return sleep(ctx, d)
	}
	defer w(why, 0)
	for ; d > 0; d -= toldEvery {
		w(why, d)
		if err := sleep(ctx, min(d, toldEvery)); err != nil {
			return err
		}
	}
	return nil
}
