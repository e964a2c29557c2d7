package aws

import (
	"fmt"
	"testing"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// TestOneReasonOnce: what keeps many calls, or one call in many regions, from being
// read is told once, with the calls and what each would tell.
func TestOneReasonOnce(t *testing.T) {
	gap := func(call, region, why string) object.Listing {
		return object.Listing{Call: call, Region: region, Reason: why}
	}
	var regions []object.Listing
	for i := range 17 {
		regions = append(regions, gap("kms:ListKeys", fmt.Sprintf("xx-north-%d", i+1), "the permission kms:ListKeys is missing"))
	}
	var calls []object.Listing
	for i := range 12 {
		calls = append(calls, gap(fmt.Sprintf("xx:List%d", i+1), "", "no answer"))
	}
	for _, c := range []struct {
		name string
		gaps []object.Listing
		want string
	}{
		{"one", []object.Listing{gap("kms:ListKeys", "eu-west-1", "no answer")}, "kms:ListKeys in eu-west-1 (keys): no answer"},
		{"one without a reason", []object.Listing{gap("kms:ListKeys", "", "")}, "kms:ListKeys (keys)"},
		{"permissions", []object.Listing{
			gap("kms:ListKeys", "", "the permission kms:ListKeys is missing"),
			gap("acm:ListCertificates", "", "the permission acm:ListCertificates is missing"),
			gap("ssm:DescribeParameters", "", "the permission ssm:DescribeParameters is missing: a service control policy is in the way"),
		}, "kms:ListKeys (keys), acm:ListCertificates (certificates): the permission is missing; ssm:DescribeParameters (encrypted parameters): the permission is missing: a service control policy is in the way"},
		{"an error that names its call", []object.Listing{
			gap("kms:ListKeys", "eu-west-1", "kms:ListKeys in eu-west-1: HTTP 500"), gap("kms:ListKeys", "eu-west-2", "kms:ListKeys in eu-west-2: HTTP 500"), gap("acm:ListCertificates", "", "acm:ListCertificates: HTTP 500"),
		}, "kms:ListKeys in eu-west-1, eu-west-2 (keys), acm:ListCertificates (certificates): HTTP 500"},
		{"regions", regions, "kms:ListKeys in xx-north-1, xx-north-2, xx-north-3 and 14 more regions (keys): the permission is missing"},
		{"many calls", calls, "xx:List1, xx:List2, xx:List3, xx:List4, xx:List5, xx:List6, xx:List7, xx:List8, and 4 more: no answer"},
		{"files", []object.Listing{
			gap("kms:ListKeys", "", "no file; run: aws kms list-keys"),
			gap("acm:ListCertificates", "", "no file; run: aws acm list-certificates --region eu-west-1"),
			gap("iam:ListAccessKeys", "", "known of none of 3; run for each: aws iam list-access-keys --user-name NAME"),
		}, "no file; run: aws kms list-keys (keys), aws acm list-certificates --region eu-west-1 (certificates); known of none of 3; run for each: aws iam list-access-keys --user-name NAME (ids of access keys)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mapper{estate: &estate{feeds: newFeeds(), saved: true}}
			r := &cloud.Reasons{}
			for i := range c.gaps {
				f, _ := m.estate.feeds.Of(inventory.KindCredential, c.gaps[i].Call)
				r.Add(cloud.NewCause(fared(&c.gaps[i]), f.loss))
			}
			if got := r.Text(); got != c.want {
				t.Errorf("it says\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
