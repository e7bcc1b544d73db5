package compose

import "image"

// FitContain returns where in a cell of dstW × dstH a picture of srcW × srcH
// goes so that all of it is seen and its shape is kept: centred, with bars at
// two sides when the shapes differ. All four numbers are even; the result is
// never smaller than 2 × 2 unless the cell is, and is the whole cell when a
// difference of shape would show as bars of less than two pixels.
func FitContain(srcW, srcH, dstW, dstH int) image.Rectangle {
	dstW, dstH = even(max(dstW, 0)), even(max(dstH, 0))
	if srcW <= 0 || srcH <= 0 {
		return image.Rect(0, 0, dstW, dstH)
	}
	w, h := dstW, dstH
	if srcW*dstH > srcH*dstW { // wider than the cell: bars above and below
		h = min(dstH, max(2, nearestEven(dstW*srcH, srcW)))
	} else {
		w = min(dstW, max(2, nearestEven(dstH*srcW, srcH)))
	}
	if dstW-w < 4 {
		w = dstW
	}
	if dstH-h < 4 {
		h = dstH
	}
	x, y := even((dstW-w)/2), even((dstH-h)/2)
	return image.Rect(x, y, x+w, y+h)
}

// CropCover returns which part of a picture of srcW × srcH fills a cell of
// dstW × dstH without distortion: the largest centred rectangle of the cell's
// shape. All four numbers are even; an odd last row or column is left out.
func CropCover(srcW, srcH, dstW, dstH int) image.Rectangle {
	srcW, srcH = even(max(srcW, 0)), even(max(srcH, 0))
	if dstW <= 0 || dstH <= 0 {
		return image.Rect(0, 0, srcW, srcH)
	}
	w, h := srcW, srcH
	if srcW*dstH > srcH*dstW { // wider than the cell: cut left and right
		w = min(srcW, max(2, nearestEven(srcH*dstW, dstH)))
	} else {
		h = min(srcH, max(2, nearestEven(srcW*dstH, dstW)))
	}
	x, y := even((srcW-w)/2), even((srcH-h)/2)
	return image.Rect(x, y, x+w, y+h)
}

// nearestEven returns the even number nearest to num ÷ den; den > 0.
func nearestEven(num, den int) int { return (num + den) / (2 * den) * 2 }
