package archive

import (
	"maps"
	"slices"
	"time"
)

// Limits bound one walk. A limit of zero is none allowed, so start from
// Defaults.
type Limits struct {
	Depth   int           // archives in one another that are opened, the outermost included; a tar that was compressed is one
	Members int           // entries that are looked at, in all archives of a walk
	Member  int64         // bytes of one member
	Bytes   int64         // bytes that decoders make and members hold, in all
	Ratio   int64         // bytes made for one byte of the outermost archive, beyond Free
	Free    int64         // bytes that may be made whatever the ratio
	Memory  int64         // bytes of zips inside archives that are held at a time; a larger one is read as a stream
	Time    time.Duration // how long a walk may take
}

// Defaults returns limits that real archives stay within. Deflate reaches
// 1,032 to one on zeros and text seldom 50.
func Defaults() Limits {
	return Limits{
		Depth: 4, Members: 50_000, Member: 256 << 20, Bytes: 2 << 30, Ratio: 200, Free: 8 << 20,
		Memory: 32 << 20, Time: 2 * time.Minute,
	}
}

// A Reason says why something was not read, or not to its end.
type Reason string

// The reasons.
const (
	Encrypted   Reason = "encrypted"
	Unsupported Reason = "of a format or method that is not opened"
	Damaged     Reason = "damaged"
	TooDeep     Reason = "nested too deep"
	TooMany     Reason = "more members than the limit"
	TooLarge    Reason = "a member larger than the limit"
	TooMuch     Reason = "larger than the limit when unpacked"
	TooDense    Reason = "unpacked to more than the ratio that is allowed"
	TooSlow     Reason = "not unpacked within the time that is allowed"
	TooWide     Reason = "more memory needed to unpack than is allowed"
	Overlapping Reason = "members that overlap"
)

// Capped reports whether it was a limit that cut, so that more would be seen
// with another one. Limits.Depth is not meant: it is a choice.
func (r Reason) Capped() bool {
	return slices.Contains([]Reason{TooMany, TooLarge, TooMuch, TooDense, TooSlow, TooWide, Overlapping}, r)
}

// A Report says what a walk did.
type Report struct {
	Opened  int            // archives and compressed files
	Members int            // that were handed on
	Bytes   int64          // made by decoders or held in members
	Left    map[Reason]int // what was not read, or not to its end; nil if all was
}

// Reasons returns the reasons of Left, sorted.
func (r Report) Reasons() []Reason { return slices.Sorted(maps.Keys(r.Left)) }

func (r *Report) leave(why Reason) {
	if r.Left == nil {
		r.Left = map[Reason]int{}
	}
	r.Left[why]++
}
