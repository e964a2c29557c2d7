package wire

import "context"

// Paged is a pointer to the type of an answer that embeds Page.
type Paged[T any] interface {
	*T
	next() (token string, more bool)
}

// maxEmpty is how many pages in a row may be empty before a listing is given up.
// An empty page with a token is legal (Systems Manager sends them), a stream of
// them is a fault.
const maxEmpty = 100

// Pages asks for page after page and passes each on, until there is no more. Each
// returns how many items it found. Pages returns how many there were and, if the
// listing could not be followed to its end, why.
//
// One page is in memory at a time, and the tokens seen.
func Pages[T any, P Paged[T]](ctx context.Context, c *Client, op Operation, region string, in Values, each func(*T) int) (int, error) {
	if op.Limit != "" && op.Size > 0 {
		in = in.with(op.Limit, op.Size)
	}
	count, empty := 0, 0
	seen := map[string]bool{}
	for {
		out := new(T)
		if err := c.Ask(ctx, op, region, in, out); err != nil {
			return count, err
		}
		n := each(out)
		count += n
		token, more := P(out).next()
		if op.Token == "" {
			more = false
		}
		if empty++; n > 0 {
			empty = 0
		}
		switch {
		case !more:
			return count, nil
		case token == "":
			return count, ErrCut
		case seen[token]:
			return count, ErrRepeats
		case empty >= maxEmpty:
			return count, ErrEmpty
		}
		seen[token] = true
		in = in.with(op.Token, token)
	}
}
