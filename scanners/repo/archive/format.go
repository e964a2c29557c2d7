package archive

import "bytes"

// A Format is what a file is by its first bytes.
type Format string

// The formats that are known. Those from SevenZip on are known and not opened.
const (
	None     Format = ""
	Zip      Format = "zip"
	Tar      Format = "tar"
	Gzip     Format = "gzip"
	Bzip2    Format = "bzip2"
	XZ       Format = "xz"
	Zstd     Format = "zstd"
	SevenZip Format = "7z"
	RAR      Format = "rar"
	LZ4      Format = "lz4"
	Lzip     Format = "lzip"
	Cabinet  Format = "cab"
)

// HeadSize is how many first bytes Sniff looks at: a block of a tar.
const HeadSize = 512

// Sniff tells the format of a file from its first bytes, HeadSize of them if
// there are as many. It allocates nothing.
func Sniff(head []byte) Format {
	if len(head) < 4 {
		return None
	}
	switch head[0] {
	case 'P', 0x1f, 0xfd, 0x28, '7', 'R', 0x04, 'L', 'M':
		if f := magic(head); f != None {
			return f
		}
	case 'B':
		if isBzip2(head) {
			return Bzip2
		}
	}
	if isTar(head) {
		return Tar
	}
	return None
}

// magic compares the first bytes with those of formats. Sources: APPNOTE.TXT
// 4.3, RFC 1952 2.3, RFC 8878 3.1, the xz file format 2.1.1.1 and the vendors'
// pages of the others.
func magic(head []byte) Format {
	for _, m := range [...]struct {
		format Format
		bytes  string
	}{
		{Zip, "PK\x03\x04"},
		{Zip, "PK\x05\x06"},
		{Zip, "PK\x07\x08PK\x03\x04"},
		{Zip, "PK00PK\x03\x04"},
		{Gzip, "\x1f\x8b\x08"},
		{XZ, "\xfd7zXZ\x00"},
		{Zstd, "\x28\xb5\x2f\xfd"},
		{SevenZip, "7z\xbc\xaf\x27\x1c"},
		{RAR, "Rar!\x1a\x07"},
		{LZ4, "\x04\x22\x4d\x18"},
		{Lzip, "LZIP\x01"},
		{Cabinet, "MSCF\x00\x00\x00\x00"},
	} {
		if len(head) >= len(m.bytes) && string(head[:len(m.bytes)]) == m.bytes {
			return m.format
		}
	}
	return None
}

// isBzip2 looks for the magic number of a block or of the end behind that of
// the stream, as three letters and a digit may begin any text.
func isBzip2(head []byte) bool {
	return len(head) >= 10 && string(head[:3]) == "BZh" && head[3] >= '1' && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

// isTar tells a tar by the checksum of its first header (POSIX.1-2008 pax,
// "ustar Interchange Format"), which old ones without a magic have, too.
func isTar(head []byte) bool {
	const name, check, checkEnd = 100, 148, 156
	if len(head) < HeadSize || head[0] == 0 || head[check+1] == 0 {
		return false
	}
	want := 0
	digits := bytes.Trim(head[check:checkEnd], " \x00")
	for _, c := range digits {
		if c < '0' || c > '7' {
			return false
		}
		want = want<<3 | int(c-'0')
	}
	if len(digits) == 0 {
		return false
	}
	sum, signed := 0, 0
	for i, c := range head[:HeadSize] {
		if i >= check && i < checkEnd {
			c = ' '
		}
		sum += int(c)
		signed += int(int8(c))
	}
	return (sum == want || signed == want) && bytes.IndexByte(head[name:], 0) >= 0
}
