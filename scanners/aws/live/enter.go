package live

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
)

// enter returns a client of an account and the ARN as whom it reads there: the
// caller's own, or that of the role that is assumed.
func (x *run) enter(ctx context.Context, account string) (*wire.Client, string, error) {
	if account == x.caller.Account {
		return x.home, x.caller.Arn, nil
	}
	a := &assumer{run: x, arn: fmt.Sprintf("arn:%s:iam::%s:role/%s", x.caller.partition(), account, x.options.Role)}
	cache := aws.NewCredentialsCache(a, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute })
	if _, err := cache.Retrieve(ctx); err != nil {
		return nil, "", err
	}
	return x.client(cache), a.as, nil
}

// An assumer gets credentials by assuming a role.
type assumer struct {
	run *run
	arn string
	as  string // the ARN of the session, once there is one
}

// Retrieve assumes the role. Its session may do what the reader does and no more,
// unless that was switched off.
func (a *assumer) Retrieve(ctx context.Context) (aws.Credentials, error) {
	o := a.run.options
	in := wire.Values{"RoleArn": a.arn, "RoleSessionName": o.SessionName, "DurationSeconds": 3600}
	if o.ExternalID != "" {
		in["ExternalId"] = o.ExternalID
	}
	if !o.WideSession {
		in["Policy"] = SessionPolicy()
	}
	var out struct {
		Credentials struct {
			AccessKeyID     string `xml:"AccessKeyId"`
			SecretAccessKey string
			SessionToken    string
			Expiration      wire.Time
		}
		User struct{ Arn string } `xml:"AssumedRoleUser"`
	}
	if err := a.run.home.Ask(ctx, a.run.calls["sts:AssumeRole"], a.run.region, in, &out); err != nil {
		return aws.Credentials{}, err
	}
	a.as = out.User.Arn
	c := out.Credentials
	return aws.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		CanExpire: true, Expires: c.Expiration.Time, Source: "muster",
	}, nil
}
