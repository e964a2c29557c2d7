package object_test

import (
	"testing"

	"github.com/muster-nhi/muster/scanners/aws/object"
)

func TestParseARN(t *testing.T) {
	for text, want := range map[string]object.ARN{
		"arn:aws:iam::111122223333:user/ops/kim":            {"aws", "iam", "", "111122223333", "user/ops/kim"},
		"arn:aws-cn:sns:cn-north-1:111122223333:topic:more": {"aws-cn", "sns", "cn-north-1", "111122223333", "topic:more"},
		"arn:aws:iam::aws:policy/ReadOnlyAccess":            {"aws", "iam", "", "aws", "policy/ReadOnlyAccess"},
		"arn:aws:s3:::bucket/key":                           {"aws", "s3", "", "", "bucket/key"},
		"arn:aws:iam::111122223333":                         {},
		"urn:aws:iam::111122223333:root":                    {},
		"111122223333":                                      {},
		"":                                                  {},
	} {
		if got := object.ParseARN(text); got != want {
			t.Errorf("ParseARN(%q) = %+v, want %+v", text, got, want)
		}
	}
}

func TestIsAccount(t *testing.T) {
	for text, want := range map[string]bool{
		"111122223333": true, "000000000000": true, "11112222333": false, "1111222233334": false, "11112222333x": false, "": false, "aws": false,
		"١١١١٢٢": false, // twelve bytes of digits that are not ASCII
	} {
		if got := object.IsAccount(text); got != want {
			t.Errorf("IsAccount(%q) = %v", text, got)
		}
	}
}
