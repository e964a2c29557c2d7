package inventory

import (
	"io"
	"runtime"
)

// chunkSize is about how many bytes of lines one worker decodes at a time.
const chunkSize = 1 << 18

// ReadAll reads all records of r, decodes them on all processors, and calls
// each with them in their order, on the caller's goroutine. It stops at the
// first line that is wrong, after all records before it, with a *LineError, or
// with the error of each. At the end it returns nil. Name is for messages. It
// keeps a few chunks of 256 kB, or a line if longer, in memory; r is read on
// the caller's goroutine only.
func ReadAll(name string, r io.Reader, each func(Record) error) error {
	workers := min(runtime.GOMAXPROCS(0), 8)
	work := make(chan *chunk)
	defer close(work)
	for range workers {
		go func() {
			d := newDecoder()
			for c := range work {
				c.decode(d)
			}
		}()
	}
	lines := newLineReader(r, ReaderOptions{Name: name})
	var queue, free []*chunk
	for {
		c := &chunk{}
		if n := len(free); n > 0 {
			c, free = free[n-1], free[:n-1]
		}
		end := c.fill(&lines)
		work <- c
		queue = append(queue, c)
		for len(queue) > 0 && (end || len(queue) > workers) {
			if err := queue[0].deliver(name, each); err != nil {
				return err
			}
			free = append(free, queue[0])
			queue = queue[1:]
		}
		if end {
			return nil
		}
	}
}

// A chunk is some lines on their way through a worker.
type chunk struct {
	text    []byte
	ends    []int // of the lines in text
	numbers []int // of the lines
	cut     bool  // the last line ended with the input
	last    error // after the lines: what ended the reading, if not the end of the input

	records []Record
	err     error // about line number at, which follows the records
	at      int
	done    chan struct{}
}

// fill reads lines until there is enough for one chunk, and tells whether the
// input has ended. The chunk may have been used before.
func (c *chunk) fill(lines *lineReader) (end bool) {
	*c = chunk{
		text: c.text[:0], ends: c.ends[:0], numbers: c.numbers[:0], records: c.records[:0],
		done: make(chan struct{}),
	}
	for len(c.text) < chunkSize {
		line, err := lines.next()
		if err == io.EOF { //nolint:errorlint // next returns io.EOF itself
			return true
		}
		if err != nil {
			c.last = err
			return true
		}
		if len(line) == 0 {
			continue
		}
		c.text = append(c.text, line...)
		c.ends = append(c.ends, len(c.text))
		c.numbers = append(c.numbers, lines.number)
		c.cut = lines.cut
	}
	return false
}

// decode makes records of the lines, up to the first that is wrong.
func (c *chunk) decode(d *decoder) {
	defer close(c.done)
	start := 0
	for i, end := range c.ends {
		rec, err := d.decode(c.text[start:end])
		if err != nil {
			c.err, c.at = err, i
			return
		}
		c.records = append(c.records, rec)
		start = end
	}
}

// deliver waits for the worker and passes on what it made.
func (c *chunk) deliver(name string, each func(Record) error) error {
	<-c.done
	for _, r := range c.records {
		if err := each(r); err != nil {
			return err
		}
	}
	if c.err != nil {
		at := lineReader{name: name, number: c.numbers[c.at], cut: c.cut && c.at == len(c.ends)-1}
		return at.wrong(c.err)
	}
	return c.last
}
