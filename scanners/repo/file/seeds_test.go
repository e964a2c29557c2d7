package file_test

import "slices"

// seeds are all samples.
func seeds() []sample {
	return slices.Concat(loginSamples(), transferSamples(), registrySamples(), databaseSamples(), serverSamples(), serviceSamples(), infrastructureSamples())
}
