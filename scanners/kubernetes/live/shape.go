package live

import (
	"encoding/binary"
	"fmt"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A shape says which fields of a protobuf message are of use. The others are cut
// out of the bytes before they are decoded, for most of an object is status,
// probes and lists of fields, and decoding is most of the work. Numbers are those
// of generated.proto in k8s.io/api and k8s.io/apimachinery, which never change.
type shape struct {
	keep  uint64         // bit n is field n
	parts map[int]*shape // of fields that are messages
	// annotations is true for a map of annotations: only those that are kept by
	// object.Annotation stay, and of object.LastApplied the key alone.
	annotations bool
}

// fields makes a set of field numbers below 64.
func fields(numbers ...int) uint64 {
	var out uint64
	for _, n := range numbers {
		out |= 1 << n
	}
	return out
}

// metaShape is that of ObjectMeta: name, namespace, uid, creationTimestamp,
// labels, annotations, ownerReferences and managedFields, of which manager and
// time or, for Secrets, fieldsV1 as well.
func metaShape(withFields bool) *shape {
	managed := fields(1, 4)
	if withFields {
		managed |= fields(7)
	}
	return &shape{keep: fields(1, 3, 5, 8, 11, 12, 13, 17), parts: map[int]*shape{12: {annotations: true}, 17: {keep: managed}}}
}

// plainShape is that of an object of which, beside the metadata, some fields are
// kept whole.
func plainShape(numbers ...int) *shape {
	return &shape{keep: fields(append(numbers, 1)...), parts: map[int]*shape{1: metaShape(false)}}
}

// podShape is that of a PodSpec.
func podShape() *shape {
	security := &shape{keep: fields(1, 2)} // capabilities, privileged
	container := &shape{keep: fields(1, 2, 7, 15, 19), parts: map[int]*shape{15: security}}
	return &shape{
		keep:  fields(1, 2, 8, 9, 10, 11, 12, 13, 15, 20, 21, 34),
		parts: map[int]*shape{2: container, 20: container, 34: {keep: fields(1), parts: map[int]*shape{1: container}}},
	}
}

// templateShape is that of a PodTemplateSpec.
func templateShape() *shape {
	return &shape{keep: fields(1, 2), parts: map[int]*shape{1: {keep: fields(11, 12), parts: map[int]*shape{12: {annotations: true}}}, 2: podShape()}}
}

// controllerShape is that of an object whose spec (field 2) has a pod template
// and further fields, and whose status (field 3) has some of use.
func controllerShape(template int, spec, status []int) *shape {
	return &shape{keep: fields(1, 2, 3), parts: map[int]*shape{
		1: metaShape(false),
		2: {keep: fields(append(spec, template)...), parts: map[int]*shape{template: templateShape()}},
		3: {keep: fields(status...)},
	}}
}

// jobShape is that of a Job or, without status, of a JobTemplateSpec: parallelism,
// template, suspend; startTime.
func jobShape() *shape { return controllerShape(6, []int{1, 10}, []int{2}) }

// cronShape is that of a CronJob: suspend, jobTemplate; lastScheduleTime.
func cronShape() *shape {
	return &shape{keep: fields(1, 2, 3), parts: map[int]*shape{
		1: metaShape(false),
		2: {keep: fields(4, 5), parts: map[int]*shape{5: {keep: fields(2), parts: map[int]*shape{2: jobShape().parts[2]}}}},
		3: {keep: fields(4)},
	}}
}

// wholePodShape is that of a Pod: phase and startTime of its status.
func wholePodShape() *shape {
	return &shape{keep: fields(1, 2, 3), parts: map[int]*shape{1: metaShape(false), 2: podShape(), 3: {keep: fields(1, 7)}}}
}

// cut cuts out of a message what is not of use, in place, and returns what is
// left. What is left of a message within it keeps the width of its length, which
// may then have leading zeros; decoders take that. The error is that of bytes
// that are no message.
func (s *shape) cut(b []byte) ([]byte, error) {
	n, ok := s.compact(b)
	if !ok {
		return nil, fmt.Errorf("%w: an object that cannot be decoded", errForm)
	}
	return b[:n], nil
}

// compact moves what is kept to the front and returns its length.
func (s *shape) compact(b []byte) (end int, ok bool) {
	if s.annotations {
		return compactAnnotation(b)
	}
	for at := 0; at < len(b); {
		number, start, stop, ok := next(b, at)
		if !ok {
			return 0, false
		}
		if number > 63 || s.keep&(1<<number) == 0 {
			at = stop
			continue
		}
		part := s.parts[number]
		if part == nil || b[at]&7 != 2 {
			end += copy(b[end:], b[at:stop])
			at = stop
			continue
		}
		n, ok := part.compact(b[start:stop])
		if !ok {
			return 0, false
		}
		head := copy(b[end:], b[at:start])
		widen(b[end:end+head], tagLength(b[end:end+head]), n)
		end += head
		end += copy(b[end:], b[start:start+n])
		at = stop
	}
	return end, true
}

// compactAnnotation empties an entry of a map of annotations, or its value, unless
// it is to be kept.
func compactAnnotation(b []byte) (end int, ok bool) {
	number, start, stop, ok := next(b, 0)
	if !ok || number != 1 || b[0]&7 != 2 {
		return len(b), len(b) == 0 || ok // not in the usual order: it is dropped when it is read
	}
	switch key := string(b[start:stop]); {
	case object.Annotation(key):
		return len(b), true
	case key == object.LastApplied:
		return stop, true
	}
	return 0, true
}

// next reads the field at a place: its number, where its value starts (that of a
// message: after its length) and where it stops.
func next(b []byte, at int) (number, start, stop int, ok bool) {
	tag, n := binary.Uvarint(b[at:])
	if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29 {
		return 0, 0, 0, false
	}
	number, start = int(tag>>3), at+n
	switch tag & 7 {
	case 0:
		_, n = binary.Uvarint(b[start:])
		return number, start, start + n, n > 0
	case 1:
		return number, start, start + 8, start+8 <= len(b)
	case 5:
		return number, start, start + 4, start+4 <= len(b)
	case 2:
		length, n := binary.Uvarint(b[start:])
		if n <= 0 || length > uint64(len(b)-start-n) {
			return 0, 0, 0, false
		}
		return number, start + n, start + n + int(length), true
	}
	return 0, 0, 0, false
}

// tagLength returns how many bytes the tag at the front of a field has.
func tagLength(head []byte) int {
	_, n := binary.Uvarint(head)
	return n
}

// widen writes a length into what comes after the tag of a field, filling it.
func widen(head []byte, at, length int) {
	for ; at < len(head)-1; at++ {
		head[at] = byte(length&0x7f) | 0x80
		length >>= 7
	}
	head[at] = byte(length)
}
