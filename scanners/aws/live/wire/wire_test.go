package wire

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/transport"
)

// A sent request, as far as protocols differ.
type sent struct{ Method, URL, Type, Target, Body string }

// client asks a server that answers with what it is given, and notes requests.
func client(t *testing.T, answer string) (*Client, *sent) {
	t.Helper()
	got := &sent{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*got = sent{r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), r.Header.Get("X-Amz-Target"), string(body)}
		_, _ = io.WriteString(w, answer) // who has read enough hangs up; the tests judge what came through
	}))
	t.Cleanup(s.Close)
	return New(Options{
		HTTP: http.DefaultTransport, Partition: PartitionOf("eu-central-1"), Endpoint: s.URL, Now: time.Now,
		Sleep:  func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Random: func() float64 { return 0.5 },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAFAKE", SecretAccessKey: "made-up"}, nil
		}),
	}), got
}

func TestProtocols(t *testing.T) {
	for name, c := range map[string]struct {
		op   Operation
		in   Values
		want sent
	}{
		"form": {
			Operation{Service: Service{Prefix: "iam", Protocol: Query, Version: "2010-05-08"}, Name: "ListUsers"},
			Values{"Marker": "a b", "Filter": []string{"User", "Role"}, "MaxItems": 7, "AllUsers": true},
			sent{"POST", "/", "application/x-www-form-urlencoded; charset=utf-8", "", "Action=ListUsers&AllUsers=true&Filter.member.1=User&Filter.member.2=Role&Marker=a+b&MaxItems=7&Version=2010-05-08"},
		},
		"form of EC2": {
			Operation{Service: Service{Prefix: "ec2", Protocol: EC2, Version: "2016-11-15"}, Name: "DescribeRegions"},
			Values{"RegionName": []string{"eu-central-1"}},
			sent{"POST", "/", "application/x-www-form-urlencoded; charset=utf-8", "", "Action=DescribeRegions&RegionName.1=eu-central-1&Version=2016-11-15"},
		},
		"JSON": {
			Operation{Service: Service{Prefix: "kms", Protocol: JSON, Version: "1.1", Target: "TrentService"}, Name: "ListKeys"},
			Values{"Limit": 5, "List": []string{"a"}},
			sent{"POST", "/", "application/x-amz-json-1.1", "TrentService.ListKeys", `{"Limit":5,"List":["a"]}`},
		},
		"JSON without parameters": {
			Operation{Service: Service{Prefix: "kms", Protocol: JSON, Version: "1.1", Target: "TrentService"}, Name: "ListKeys"},
			nil,
			sent{"POST", "/", "application/x-amz-json-1.1", "TrentService.ListKeys", `{}`},
		},
		"path and query": {
			Operation{Service: Service{Prefix: "eks", Protocol: REST}, Name: "X", Method: "GET", Path: "/clusters/{name}/entries/{arn}"},
			Values{"name": "a b", "arn": "arn:aws:iam::1:role/x/y", "maxResults": 3, "nextToken": "a+b c"},
			sent{"GET", "/clusters/a%20b/entries/arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx%2Fy?maxResults=3&nextToken=a%2Bb%20c", "", "", ""},
		},
		"path and body": {
			Operation{Service: Service{Prefix: "bedrock", Protocol: REST}, Name: "X", Path: "/runtimes/", InQuery: []string{"maxResults"}},
			Values{"maxResults": 3, "other": "x"},
			sent{"POST", "/runtimes/?maxResults=3", "application/json", "", `{"other":"x"}`},
		},
		"subresource": {
			Operation{Service: Service{Prefix: "s3", Protocol: S3}, Name: "GetBucketPolicy", Method: "GET", Path: "/{Bucket}?policy"},
			Values{"Bucket": "maps"},
			sent{"GET", "/maps?policy=", "", "", ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, got := client(t, "{}")
			var out Raw
			if err := client.Ask(t.Context(), c.op, "eu-central-1", c.in, &out); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, *got); diff != "" {
				t.Error("the request (-want +got):\n", diff)
			}
		})
	}
}

func TestMissingParameter(t *testing.T) {
	c, _ := client(t, "{}")
	asked := 0
	c.options.Asked = func(Operation, string) { asked++ }
	op := Operation{Service: Service{Prefix: "eks", Protocol: REST}, Name: "X", Method: "GET", Path: "/clusters/{name}"}
	if err := c.Ask(t.Context(), op, "", nil, &Raw{}); err == nil || asked != 0 {
		t.Errorf("the error is %v after %d requests", err, asked)
	}
}

func TestEndpoints(t *testing.T) {
	iam := Service{Prefix: "iam", Global: true}
	account := Service{Prefix: "account", Global: true}
	kms := Service{Prefix: "kms"}
	for _, c := range []struct {
		service         Service
		region          string
		signed, address string
	}{
		{iam, "eu-central-1", "us-east-1", "https://iam.amazonaws.com"},
		{iam, "cn-northwest-1", "cn-north-1", "https://iam.cn-north-1.amazonaws.com.cn"},
		{iam, "us-gov-east-1", "us-gov-west-1", "https://iam.us-gov.amazonaws.com"},
		{account, "cn-north-1", "cn-northwest-1", "https://account.cn-northwest-1.amazonaws.com.cn"},
		{account, "ap-south-1", "us-east-1", "https://account.us-east-1.amazonaws.com"},
		{kms, "ap-south-1", "ap-south-1", "https://kms.ap-south-1.amazonaws.com"},
		{kms, "cn-north-1", "cn-north-1", "https://kms.cn-north-1.amazonaws.com.cn"},
		{kms, "eusc-de-east-1", "eusc-de-east-1", "https://kms.eusc-de-east-1.amazonaws.eu"},
		{kms, "mars-north-1", "mars-north-1", "https://kms.mars-north-1.amazonaws.com"},
	} {
		p := PartitionOf(c.region)
		region := p.region(c.service, c.region)
		if region != c.signed || p.endpoint(c.service, region) != c.address {
			t.Errorf("%s in %s: %s, %s", c.service.Prefix, c.region, region, p.endpoint(c.service, region))
		}
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]time.Time{
		`1700000000`:                     time.Unix(1700000000, 0).UTC(),
		`1700000000.123`:                 time.Unix(1700000000, 123e6).UTC(),
		`1.7E9`:                          time.Unix(1700000000, 0).UTC(),
		`"2026-11-02T09:00:00Z"`:         time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC),
		`"2026-11-02T10:00:00+01:00"`:    time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC),
		`"2026-11-02T09:00:00.000+0000"`: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC),
		`null`:                           {}, `""`: {}, `"soon"`: {}, `1e300`: {}, `"NaN"`: {},
	} {
		var got Time
		if err := got.UnmarshalJSON([]byte(text)); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
}

// TestErrorHidesWhatSigned looks for credentials and signatures in errors.
func TestErrorHidesWhatSigned(t *testing.T) {
	c := aws.Credentials{SecretAccessKey: "can" + "ary-key", SessionToken: "can" + "ary-token"}
	for _, e := range []*Error{
		{Code: "SignatureDoesNotMatch", Message: "The canonical string: x-amz-security-token:" + c.SessionToken},
		{Code: "ValidationException", Message: "header " + c.SessionToken + " and " + c.SecretAccessKey},
		{Code: "AuthFailure", Message: c.SessionToken},
	} {
		if text := hush(e, c).Error(); strings.Contains(text, "canary") {
			t.Errorf("%s shows what it was signed with", e.Code)
		}
	}
}

func TestRefusals(t *testing.T) {
	query, json := Service{Prefix: "iam", Protocol: Query}, Service{Prefix: "kms", Protocol: JSON}
	for name, c := range map[string]struct {
		service       Service
		status        int
		body, header  string
		code, message string
	}{
		"query": {query, 403, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no
 way</Message></Error></ErrorResponse>`, "", "AccessDenied", "no way"},
		"EC2":                 {Service{Protocol: EC2}, 403, `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>`, "", "UnauthorizedOperation", "no"},
		"JSON":                {json, 400, `{"__type":"com.amazonaws.kms#NotFoundException","Message":"no"}`, "", "NotFoundException", "no"},
		"header":              {json, 400, `{"message":"no"}`, "AccessDeniedException:http://internal/", "AccessDeniedException", "no"},
		"HTML":                {json, 502, "<html><body>Bad Gateway</body></html>", "", "", ""},
		"XML of a JSON one":   {json, 403, `<Error><Code>InvalidToken</Code><Message>no</Message></Error>`, "", "InvalidToken", "no"},
		"a code that is none": {json, 400, `{"__type":"<b>x</b>","message":7}`, "", "", "7"},
		"nothing":             {query, 500, "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			res := &http.Response{StatusCode: c.status, Header: http.Header{}}
			res.Header.Set("X-Amzn-Errortype", c.header)
			e := refusal(Operation{Service: c.service, Name: "X"}, "", res, []byte(c.body))
			if e.Code != c.code || e.Message != c.message || e.Status != c.status {
				t.Errorf("%+v", e)
			}
		})
	}
}

// TestCutAnswerLeavesNothing: what was decoded of an answer that was cut must not
// stay beside what the next attempt brings.
// TestLargeAnswer: what no service sends is not kept, and not asked for again. The
// two listings of a whole account may be large.
func TestLargeAnswer(t *testing.T) {
	large := "{" + strings.Repeat(" ", 20<<20) + "}"
	kms := Operation{Service: Service{Prefix: "kms", Protocol: JSON, Version: "1.1", Target: "TrentService"}, Name: "ListKeys"}
	c, _ := client(t, large)
	asked := 0
	c.options.Asked = func(Operation, string) { asked++ }
	if err := c.Ask(t.Context(), kms, "eu-central-1", nil, &struct{}{}); !errors.Is(err, errTooLarge) {
		t.Errorf("20 MB of keys: %v", err)
	}
	if asked != 1 {
		t.Errorf("it was asked for %d times", asked)
	}
	iam := Operation{Service: Service{Prefix: "iam", Protocol: JSON}, Name: "GetAccountAuthorizationDetails"}
	if err := c.Ask(t.Context(), iam, "us-east-1", nil, &struct{}{}); err != nil {
		t.Errorf("20 MB of principals: %v", err)
	}
}

func TestCutAnswerLeavesNothing(t *testing.T) {
	op := Operation{Service: Service{Prefix: "iam", Protocol: Query}, Name: "ListUsers"}
	whole := `<ListUsersResponse><ListUsersResult><Users><member>ada</member><member>bo</member></Users></ListUsersResult></ListUsersResponse>`
	var out struct {
		Users []string `xml:"Users>member"`
	}
	if err := read(op, []byte(whole[:80]), &out); err == nil || len(out.Users) > 0 {
		t.Errorf("half an answer is %q, %v", out.Users, err)
	}
	if err := read(op, []byte(whole), &out); err != nil || len(out.Users) != 2 {
		t.Errorf("then all of it is %q, %v", out.Users, err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	c, _ := client(t, "{}")
	c.options.Now = func() time.Time { return now }
	c.options.Random = func() float64 { return 0 } // what cannot be read is no wait of AWS's
	for text, want := range map[string]time.Duration{"3": 3 * time.Second, "Mon, 02 Nov 2026 09:00:05 GMT": 5 * time.Second, "soon": 0, "": 0, "-1": 0} {
		got, ok := c.again(&Error{Status: http.StatusTooManyRequests}, http.Header{"Retry-After": {text}}, newPace("", "", 8, &transport.Patience{}), 1)
		if got != want || !ok {
			t.Errorf("%q is %s, %t", text, got, ok)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(`<ListUsersResponse><ListUsersResult><IsTruncated>true</IsTruncated><Marker>m</Marker></ListUsersResult></ListUsersResponse>`, 0)
	f.Add(`<DescribeXResponse><nextToken>x</nextToken></DescribeXResponse>`, 1)
	f.Add(`{"NextToken":"t","At":1.5}`, 2)
	f.Add(`{"__type":"a#b","message":"c"}`, 3)
	f.Add(`<Error><Code>x</Code></Error>`, 4)
	f.Fuzz(func(t *testing.T, body string, protocol int) {
		op := Operation{Service: Service{Prefix: "x", Protocol: Protocol(protocol & 7 % 5)}, Name: "ListUsers"}
		var out struct {
			Page
			At   Time
			Bag  map[string]Dropped
			Text Text
		}
		if err := read(op, []byte(body), &out); err != nil && !errors.Is(err, errMalformed) {
			t.Errorf("an error of another kind: %v", err)
		}
		e := refusal(op, "", &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}}, []byte(body))
		if len(e.Message) > 400+8 || strings.ContainsAny(e.Error(), "\n\x00\x1b") {
			t.Errorf("the error is %q", e.Error())
		}
	})
}

// TestRawIsJSON asks for an answer that is a policy: what a proxy sends, and one that
// was cut, is asked for again.
func TestRawIsJSON(t *testing.T) {
	op := Operation{Service: Service{Prefix: "s3", Protocol: S3}, Name: "GetBucketPolicy", Method: "GET", Path: "/{Bucket}?policy"}
	for body, good := range map[string]bool{
		`{"Statement":[]}`: true, `{"Statement":[`: false, "<html><body>Bad Gateway</body></html>": false, "": false,
	} {
		var out Raw
		err := read(op, []byte(body), &out)
		if good != (err == nil) || good != (string(out) == body && body != "") || !good && !transient(err) {
			t.Errorf("%q: %q, %v", body, out, err)
		}
	}
}

// TestPageOfAProxy asks for answers of every form and gets a page of HTML, with a
// status that says all is well.
func TestPageOfAProxy(t *testing.T) {
	for name, p := range map[string]Protocol{"JSON": JSON, "REST": REST, "Query": Query, "EC2": EC2, "S3": S3} {
		var out struct {
			Buckets []string `xml:"Buckets>Bucket"`
		}
		op := Operation{Service: Service{Prefix: "x", Protocol: p}, Name: "ListThings"}
		for _, body := range []string{
			"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>",
			"<!DOCTYPE html><HTML><body><p>sign in</p></body></HTML>", "Bad Gateway", "",
		} {
			if err := read(op, []byte(body), &out); !transient(err) {
				t.Errorf("%s takes %q: %v", name, body, err)
			}
		}
	}
}
