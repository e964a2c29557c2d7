package manifest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/muster-nhi/muster/internal/saved"
)

// errUTF32 is returned for text in UTF-32, which nothing writes.
var errUTF32 = errors.New("is encoded in UTF-32: save it as UTF-8")

// decode returns the text of a file as UTF-8 without a byte order mark. UTF-16 is
// told by its mark or by the zero byte beside the first character (YAML 1.2.2,
// section 5.2).
func decode(in *bufio.Reader) (io.Reader, error) {
	head, _ := in.Peek(4)
	at := func(i int) int {
		if i < len(head) {
			return int(head[i])
		}
		return -1
	}
	switch {
	case at(0) == 0xef && at(1) == 0xbb && at(2) == 0xbf:
		_, err := in.Discard(3)
		return in, err
	case at(0) == 0 && at(1) == 0 || at(0) == 0xff && at(1) == 0xfe && at(2) == 0 && at(3) == 0, at(0) > 0 && at(1) == 0 && at(2) == 0:
		return nil, errUTF32
	case at(0) == 0xff && at(1) == 0xfe:
		_, err := in.Discard(2)
		return saved.NewWide(in, binary.LittleEndian), err
	case at(0) == 0xfe && at(1) == 0xff:
		_, err := in.Discard(2)
		return saved.NewWide(in, binary.BigEndian), err
	case at(0) > 0 && at(1) == 0:
		return saved.NewWide(in, binary.LittleEndian), nil
	case at(0) == 0 && at(1) > 0:
		return saved.NewWide(in, binary.BigEndian), nil
	}
	return in, nil
}
